/*
 * What all the programs in C here need: the time, and a way out.
 */
#ifndef TIMING_H
#define TIMING_H

#ifndef _POSIX_C_SOURCE
#  define _POSIX_C_SOURCE 200809L
#endif

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Ends with what came instead of success. */
static inline void fail(const char *what, const char *answer)
{
    fprintf(stderr, "%s: %s\n", what, answer != NULL ? answer : "");
    exit(1);
}

static inline void expect(int success, const char *what, const char *answer)
{
    if (!success) fail(what, answer);
}

#endif
