/*
 * Threads and locks for the C programs here, on Windows and Linux alike (there with -lpthread).
 */
#ifndef THREADS_H
#define THREADS_H

#include "platform.h"

#ifndef _WIN32
#  include <pthread.h>
#  include <time.h>
#endif

/* A thread that does `run` with `argument`. */
struct thread {
    void (*run)(void *argument);
    void *argument;
#ifdef _WIN32
    HANDLE handle;
#else
    pthread_t handle;
#endif
};

#ifdef _WIN32

static inline DWORD WINAPI run_thread(void *thread)
{
    ((struct thread *)thread)->run(((struct thread *)thread)->argument);
    return 0;
}

static inline int start_handle(struct thread *thread)
{
    thread->handle = CreateThread(NULL, 0, run_thread, thread, 0, NULL);
    return thread->handle != NULL;
}

static inline void join(struct thread *thread)
{
    WaitForSingleObject(thread->handle, INFINITE);
    CloseHandle(thread->handle);
}

static inline void pause_ms(int milliseconds)
{
    Sleep((DWORD)milliseconds);
}

typedef CRITICAL_SECTION lock_type;

static inline void make_lock(lock_type *lock) { InitializeCriticalSection(lock); }
static inline void acquire(lock_type *lock) { EnterCriticalSection(lock); }
static inline void release(lock_type *lock) { LeaveCriticalSection(lock); }

#else

static inline void *run_thread(void *thread)
{
    ((struct thread *)thread)->run(((struct thread *)thread)->argument);
    return NULL;
}

static inline int start_handle(struct thread *thread)
{
    return pthread_create(&thread->handle, NULL, run_thread, thread) == 0;
}

static inline void join(struct thread *thread)
{
    pthread_join(thread->handle, NULL);
}

static inline void pause_ms(int milliseconds)
{
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

typedef pthread_mutex_t lock_type;

static inline void make_lock(lock_type *lock) { pthread_mutex_init(lock, NULL); }
static inline void acquire(lock_type *lock) { pthread_mutex_lock(lock); }
static inline void release(lock_type *lock) { pthread_mutex_unlock(lock); }

#endif

/* `thread` must stay where it is until it is joined. */
static inline void start(struct thread *thread, void (*run)(void *argument), void *argument)
{
    thread->run = run;
    thread->argument = argument;
    if (start_handle(thread)) return;
    fputs("O sistema não dá mais threads.\n", stderr);
    exit(2);
}

#endif
