/*
 * How long Windows takes to load a DLL, in milliseconds: load PATH
 */
#include <stdio.h>
#include <windows.h>

int main(int argc, char **argv)
{
    LARGE_INTEGER frequency, begin, end;
    if (argc != 2) return 2;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&begin);
    if (LoadLibraryA(argv[1]) == NULL) {
        fprintf(stderr, "%s: %lu\n", argv[1], GetLastError());
        return 1;
    }
    QueryPerformanceCounter(&end);
    printf("%.3f\n", (double)(end.QuadPart - begin.QuadPart) * 1000 / (double)frequency.QuadPart);
    return 0;
}
