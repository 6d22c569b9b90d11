#!/bin/sh
# Trains for a number of minutes on a machine that has no network, from pieces, into pieces:
#   MINUTES=20 PIECES=pieces OUT=out training/offline.sh --size 50m --batch 128 --length 1024
# PIECES holds the split train.u16, train.documents.npy, held.u16, held.documents.npy, tokenizer.json and packed.json (all
# made by training/offline-pieces.sh), wheels that the machine lacks, and one of these to begin with, or none:
#   a base (FILE.gguf), whose vocabulary is cut to the tokenizer's
#   weights that came back earlier (model.safetensors or model.gguf, and config.json): the optimiser begins again
#   the checkpoint of a run
# OUT gets pieces of 16 MB of the exported model's weights and of the checkpoint; the rest of the exported folder; and the
# log. RETURN=weights leaves the checkpoint out, RETURN=packed also rounds the weights to 8 bits, which halves them and
# costs nothing that can be measured. WORK, if it is named, keeps everything for a second call.
set -eu
: "${MINUTES:?how many minutes to train}" "${PIECES:?folder of pieces}" "${OUT:?where the results go}"
WORK=${WORK:-$(mktemp -d)}
PYTHON=${PYTHON:-python3}
mkdir -p "$WORK/packed" "$WORK/tokenizer" "$WORK/run" "$WORK/start" "$OUT"
if ls "$PIECES"/*.whl > /dev/null 2>&1; then
  "$PYTHON" -m pip install -q --no-index --no-deps --upgrade --target "$WORK/site" "$PIECES"/*.whl
  export PYTHONPATH="$WORK/site${PYTHONPATH:+:$PYTHONPATH}"
fi
for index in "$PIECES"/*.pieces.json; do
  name=$(basename "$index" .pieces.json)
  case $name in
    tokenizer*.json | special_tokens_map.json) target=$WORK/tokenizer/$name ;;
    checkpoint-*.pt) target=$WORK/run/$name ;;
    model.safetensors | model.gguf | config.json) target=$WORK/start/$name ;;
    *.gguf) target=$WORK/base.gguf ;;
    *) target=$WORK/packed/$name ;;
  esac
  [ -e "$target" ] || "$PYTHON" -m training.release.pieces join "$index" --out "$target"
done
if [ -e "$WORK/start/config.json" ]; then
  cp "$WORK"/tokenizer/* "$WORK/start/"
  set -- --start-from "$WORK/start" "$@"
elif [ -e "$WORK/base.gguf" ]; then
  [ -e "$WORK/cut" ] || "$PYTHON" -m training.convert.cut --base "$WORK/base.gguf" --tokenizer "$WORK/tokenizer" \
    --out "$WORK/cut"
  set -- --start-from "$WORK/cut" "$@"
fi
"$PYTHON" -m training.run.train --run "$WORK/run" --data "$WORK/packed" --tokenizer "$WORK/tokenizer" \
  --minutes "$MINUTES" "$@"
cp "$WORK/run/log.jsonl" "$OUT/"
newest=$(ls "$WORK"/run/checkpoint-*.pt | tail -n 1)
"$PYTHON" -m training.release.export --run "$newest" --tokenizer "$WORK/tokenizer" --out "$WORK/model"
case ${RETURN:-} in
  packed)
    "$PYTHON" -m training.release.pack --folder "$WORK/model" --out "$WORK/packed8" --mlp Q8_0 --rest Q8_0
    set -- "$WORK/packed8/model.gguf"
    ;;
  weights) set -- "$WORK/model/model.safetensors" ;;
  *) set -- "$WORK/model/model.safetensors" "$newest" ;;
esac
for file in "$@" "$WORK/model/config.json"; do
  "$PYTHON" -m training.release.pieces split "$file" --out "$OUT" --megabytes 16
done
cp "$WORK/model/README.md" "$OUT/"
