/*
 * Consultas from several threads at once: of uploads the library lets no more than 100 through in a second.
 *
 *   threads LIBRARY THREADS BASE CA USER PASS FILE...
 *   {"seconds":0.8}
 *
 * Each thread asks for its share of the files, which the service must know. Each has asked once before the time begins, so that
 * its connection is there.
 */
#include "host.h"

enum { MOST_THREADS = 16 };

struct worker {
    struct thread thread;
    const char *cookie;
    char **files;
    int count;
};

static void ask(void *argument)
{
    struct worker *worker = argument;
    char key[45];
    int i;
    for (i = 0; i < worker->count; i++) {
        succeed("consulta", api.av_consulta(worker->cookie, key_of(worker->files[i], key)));
    }
}

/* Has each thread ask for `each` of the files. */
static void run(int threads, const char *cookie, char **files, int each)
{
    struct worker workers[MOST_THREADS];
    int i;
    for (i = 0; i < threads; i++) {
        workers[i].cookie = cookie;
        workers[i].files = files + i * each;
        workers[i].count = each;
        start(&workers[i].thread, ask, &workers[i]);
    }
    for (i = 0; i < threads; i++) join(&workers[i].thread);
}

int main(int argc, char **argv)
{
    struct place place;
    int threads;
    char *cookie;
    double begin;
    expect(argc > 7, "threads", "LIBRARY THREADS BASE CA USER PASS FILE...");
    threads = atoi(argv[2]);
    place.base = argv[3], place.ca = argv[4], place.user = argv[5], place.pass = argv[6];
    expect(threads >= 1 && threads <= MOST_THREADS && argc - 7 >= threads, "threads", "1 to 16, and a file for each");
    expect(load_library(argv[1]), "library", argv[1]);
    configure(&place, "sempre", UPLOADS_PER_SECOND);
    cookie = logged_in(&place);
    run(threads, cookie, argv + 7, 1);
    begin = now();
    run(threads, cookie, argv + 7, (argc - 7) / threads);
    printf("{\"seconds\":%.6f}\n", now() - begin);
    api.av_free(cookie);
    api.av_shutdown();
    return 0;
}
