// A checkpoint of the fixtures that answers: random weights seldom make text, and nobody could foresee which. Here no layer adds anything
// to what it is given, and of the embeddings, which are the head as well, one is larger than all others: its token is the answer to every
// mask.
import assert from 'node:assert/strict';

/** bfloat16 */
const [ONE, FOUR] = [0x3f80, 0x4080];

/** Those files with other weights, which answer every mask with `token`. */
export function answeringWith(token: string, files: ReadonlyMap<string, Buffer>): Map<string, Buffer> {
  const tokenizer = JSON.parse(String(files.get('tokenizer.json')));
  const id: unknown = tokenizer.model.vocab[token];
  assert.ok(typeof id === 'number', token);
  const weights = Buffer.from(files.get('model.safetensors') ?? assert.fail());
  const start = 8 + Number(weights.readBigUInt64LE(0));
  const header: Record<string, { readonly shape: number[]; readonly data_offsets: [number, number] }> =
    JSON.parse(weights.subarray(8, start).toString());
  for (const [name, { shape, data_offsets }] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const values = weights.subarray(start + data_offsets[0], start + data_offsets[1]);
    if (/(o_proj|down_proj)\.weight$/.test(name)) values.fill(0);
    const isEmbedding = name.endsWith('embed_tokens.weight');
    if (!isEmbedding && name !== 'model.norm.weight') continue;
    const width = shape.at(-1) ?? assert.fail();
    for (let at = 0; at < values.length; at += 2) {
      const isAnswer = isEmbedding && Math.floor(at / 2 / width) === id;
      values.writeUInt16LE(isAnswer ? FOUR : ONE, at);
    }
  }
  return new Map([...files, ['model.safetensors', weights]]);
}
