/*
 * Runs a program and tells, in a line behind its own output, what it and its children took:
 *
 *   launch PROGRAM [ARGUMENT...]
 *   {"seconds":0.21,"cpu":0.013,"peak_kb":9120}
 *
 * It ends with the code with which the program has ended.
 *
 * It is small: the peak of a process is at least that of the one from which it was started.
 */
#define _DEFAULT_SOURCE
#include "timing.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    struct rusage used;
    double begin;
    int status = 0;
    pid_t child;
    expect(argc > 1, "launch", "name a program");
    begin = now();
    child = fork();
    if (child == 0) {
        execvp(argv[1], argv + 1);
        perror(argv[1]);
        _exit(127);
    }
    expect(child > 0 && wait4(child, &status, 0, &used) == child, "launch", "no process");
    printf("{\"seconds\":%.6f,\"cpu\":%.6f,\"peak_kb\":%ld}\n", now() - begin,
           seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
