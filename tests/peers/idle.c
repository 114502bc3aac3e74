/*
 * What the library takes of a process that does nothing: after a login, an upload and a consulta nothing is done for 10 seconds.
 *
 *   idle LIBRARY BASE CA USER PASS FILE
 *   {"threads":1,"memory_kb":5200,"cpu":0.0,"threads_after_shutdown":0,"memory_after_shutdown_kb":5100}
 *
 * Threads are those besides the program's own, memory is what came to that of the program before it loaded the library.
 */
#include "host.h"

#include <sys/resource.h>

static double cpu(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void work(const struct place *place, const char *file)
{
    char *cookie = logged_in(place), key[45];
    succeed("upload", api.av_upload_file(cookie, file));
    succeed("consulta", api.av_consulta(cookie, key_of(file, key)));
    api.av_free(cookie);
}

int main(int argc, char **argv)
{
    struct place place;
    long before = memory_kb(), memory;
    int threads;
    double used;
    expect(argc == 7, "idle", "LIBRARY BASE CA USER PASS FILE");
    place.base = argv[2], place.ca = argv[3], place.user = argv[4], place.pass = argv[5];
    expect(load_library(argv[1]), "library", argv[1]);
    configure(&place, "sempre", 0);
    work(&place, argv[6]);
    used = cpu();
    pause_ms(10000);
    used = cpu() - used;
    threads = count_threads() - 1;
    memory = memory_kb() - before;
    api.av_shutdown();
    threads_come_to(1);
    printf("{\"threads\":%d,\"memory_kb\":%ld,\"cpu\":%.6f,\"threads_after_shutdown\":%d,\"memory_after_shutdown_kb\":%ld}\n",
           threads, memory, used, count_threads() - 1, memory_kb() - before);
    return 0;
}
