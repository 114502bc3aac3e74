/*
 * What this process holds: threads, handles, memory.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include "loader.h"
#include "threads.h"

#ifdef _WIN32

/* Functions of kernel32, so that nothing more is linked. */
#  define PSAPI_VERSION 2
#  include <psapi.h>
#  include <tlhelp32.h>

typedef LONG(NTAPI *query_thread)(HANDLE, int, PVOID, ULONG, PULONG);

/* A function of ntdll. The address goes into the function pointer byte by byte: C has no conversion between the two. */
static inline void take_from_ntdll(void *function, const char *name)
{
    FARPROC found = GetProcAddress(GetModuleHandleA("ntdll.dll"), name);
    memcpy(function, &found, sizeof found);
}

/* Whether the thread began in the library. The system starts threads of its own in any process. */
static inline int is_of_library(DWORD id)
{
    enum { WIN32_START_ADDRESS = 9 };
    HANDLE thread = OpenThread(THREAD_QUERY_INFORMATION, FALSE, id);
    query_thread query;
    HMODULE module = NULL;
    void *start = NULL;
    take_from_ntdll(&query, "NtQueryInformationThread");
    if (thread == NULL) return 0;
    query(thread, WIN32_START_ADDRESS, &start, sizeof start, NULL);
    CloseHandle(thread);
    GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, start,
                       &module);
    return module != NULL && module == api.handle;
}

/* The threads of the library. */
static inline int count_threads(void)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    THREADENTRY32 entry;
    int count = 0, more;
    entry.dwSize = sizeof entry;
    for (more = Thread32First(snapshot, &entry); more; more = Thread32Next(snapshot, &entry)) {
        if (entry.th32OwnerProcessID == GetCurrentProcessId() && is_of_library(entry.th32ThreadID)) count++;
    }
    CloseHandle(snapshot);
    return count;
}

/* The handles of this process. Wine does not know how many there are: there each that could be is tried, until a long way
 * behind the last none is. (The list of all handles of the system would tell, but asking for it while another process is about
 * to begin ends Wine's server.) */
static inline int count_handles(void)
{
    enum { STEP = 4, LONG_WAY = 1024 * STEP };
    DWORD count = 0, flags;
    ULONG_PTR value, last = 0;
    GetProcessHandleCount(GetCurrentProcess(), &count);
    if (count != 0) return (int)count;
    for (value = STEP; value <= last + LONG_WAY; value += STEP) {
        if (!GetHandleInformation((HANDLE)value, &flags)) continue;
        last = value;
        count++;
    }
    return (int)count;
}

/* The memory that this process has in use, in KB. */
static inline long memory_kb(void)
{
    PROCESS_MEMORY_COUNTERS memory = {0};
    GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof memory);
    return (long)(memory.WorkingSetSize / 1024);
}

#else

#  include <dirent.h>

static inline int count_entries(const char *path)
{
    DIR *folder = opendir(path);
    int count = 0;
    while (folder != NULL && readdir(folder) != NULL) count++;
    if (folder != NULL) closedir(folder);
    /* Without "." and "..". */
    return count - 2;
}

/* All threads: there are none but the program's and the library's. */
static inline int count_threads(void)
{
    return count_entries("/proc/self/task");
}

/* Without the one that is open for looking. */
static inline int count_handles(void)
{
    return count_entries("/proc/self/fd") - 1;
}

/* The memory that this process has in use, in KB. */
static inline long memory_kb(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long pages = 0;
    if (file == NULL) return 0;
    if (fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

#endif

/* Whether there are `count` threads. One that has ended may be listed a moment longer. */
static inline int threads_come_to(int count)
{
    int tries;
    for (tries = 0; tries < 200 && count_threads() != count; tries++) pause_ms(10);
    return count_threads() == count;
}

#endif
