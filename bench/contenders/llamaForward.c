/*
 * llama.cpp built for this machine, as a contender of forward.ts (llamaNative.ts compiles and starts it).
 * Arguments: a GGUF file, tokens, rows, threads. The tokens are those of the other contenders; the last rows go through
 * the head. Each line on standard input is answered by one evaluation: {"wall": …, "cpu": …, "best": …}, milliseconds.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "llama.h"

static double wall_millis(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static double cpu_millis(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static void be_silent(enum ggml_log_level level, const char * text, void * data) {
    (void) level, (void) text, (void) data;
}

int main(int count, char ** arguments) {
    if (count != 5) return 2;
    const int tokens = atoi(arguments[2]), rows = atoi(arguments[3]), threads = atoi(arguments[4]);
    llama_log_set(be_silent, NULL);
    llama_backend_init();
    struct llama_model * model = llama_model_load_from_file(arguments[1], llama_model_default_params());
    if (!model) {
        fprintf(stderr, "llama.cpp refuses %s\n", arguments[1]);
        return 1;
    }
    struct llama_context_params params = llama_context_default_params();
    params.n_ctx = params.n_batch = params.n_ubatch = tokens;
    params.n_threads = params.n_threads_batch = threads;
    struct llama_context * context = llama_init_from_model(model, params);
    const int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
    struct llama_batch batch = llama_batch_init(tokens, 0, 1);
    batch.n_tokens = tokens;
    for (int i = 0; i < tokens; i++) {
        batch.token[i] = (llama_token) ((i * 7919LL + 11) % vocabulary);
        batch.pos[i] = i;
        batch.n_seq_id[i] = 1;
        batch.seq_id[i][0] = 0;
        batch.logits[i] = i >= tokens - rows;
    }
    char line[256];
    while (fgets(line, sizeof line, stdin)) {
        llama_memory_clear(llama_get_memory(context), true);
        const double wall = wall_millis(), cpu = cpu_millis();
        if (llama_decode(context, batch) != 0) return 1;
        llama_synchronize(context);
        const double wall_spent = wall_millis() - wall, cpu_spent = cpu_millis() - cpu;
        const float * logits = llama_get_logits_ith(context, tokens - 1);
        int best = 0;
        for (int id = 1; id < vocabulary; id++) {
            if (logits[id] > logits[best]) best = id;
        }
        printf("{\"wall\": %f, \"cpu\": %f, \"best\": %d}\n", wall_spent, cpu_spent, best);
        fflush(stdout);
    }
    return 0;
}
