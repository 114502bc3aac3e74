/*
 * What the C programs here need of the system: arguments, files and output in UTF-8 on Windows and Linux alike.
 */
#ifndef PLATFORM_H
#define PLATFORM_H

#if !defined(_WIN32) && !defined(_POSIX_C_SOURCE)
#  define _POSIX_C_SOURCE 200809L
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#  include <windows.h>
#  include <shellapi.h>
#  include <fcntl.h>
#  include <io.h>
#else
#  include <unistd.h>
#endif

static inline void *allocated(size_t size)
{
    void *memory = malloc(size);
    if (memory == NULL) {
        fputs("Memória insuficiente.\n", stderr);
        exit(2);
    }
    return memory;
}

static inline char *copied(const char *text)
{
    return strcpy(allocated(strlen(text) + 1), text);
}

#ifdef _WIN32

static inline WCHAR *widened(const char *utf8)
{
    int length = MultiByteToWideChar(CP_UTF8, 0, utf8, -1, NULL, 0);
    WCHAR *wide = allocated((size_t)(length > 0 ? length : 1) * sizeof *wide);
    wide[0] = 0;
    MultiByteToWideChar(CP_UTF8, 0, utf8, -1, wide, length);
    return wide;
}

static inline char *narrowed(const WCHAR *wide)
{
    int length = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *utf8 = allocated((size_t)(length > 0 ? length : 1));
    utf8[0] = 0;
    WideCharToMultiByte(CP_UTF8, 0, wide, -1, utf8, length, NULL, NULL);
    return utf8;
}

/* The command line as it was typed: main's own arguments went through the ANSI code page. */
static inline char **utf8_arguments(int *argc, char **argv)
{
    WCHAR **wide = CommandLineToArgvW(GetCommandLineW(), argc);
    int i;
    (void)argv;
    argv = allocated(((size_t)*argc + 1) * sizeof *argv);
    for (i = 0; i < *argc; i++) argv[i] = narrowed(wide[i]);
    argv[*argc] = NULL;
    LocalFree(wide);
    return argv;
}

static inline void free_arguments(int argc, char **argv)
{
    while (argc > 0) free(argv[--argc]);
    free(argv);
}

/* Output goes out byte by byte, and a console takes it for UTF-8. Returns the console's code page before. */
static inline unsigned prepare_output(void)
{
    unsigned before = GetConsoleOutputCP();
    _setmode(_fileno(stdout), _O_BINARY);
    SetConsoleOutputCP(CP_UTF8);
    return before;
}

static inline void restore_output(unsigned before)
{
    fflush(stdout);
    SetConsoleOutputCP(before);
}

static inline int is_terminal(FILE *file)
{
    return _isatty(_fileno(file));
}

static inline FILE *open_file(const char *path)
{
    WCHAR *wide = widened(path);
    FILE *file = _wfopen(wide, L"rb");
    free(wide);
    return file;
}

#else

static inline char **utf8_arguments(int *argc, char **argv)
{
    (void)argc;
    return argv;
}

static inline void free_arguments(int argc, char **argv)
{
    (void)argc;
    (void)argv;
}

static inline unsigned prepare_output(void)
{
    return 0;
}

static inline void restore_output(unsigned before)
{
    (void)before;
}

static inline int is_terminal(FILE *file)
{
    return isatty(fileno(file));
}

static inline FILE *open_file(const char *path)
{
    return fopen(path, "rb");
}

#endif

/* All that is left in `file`, ended with a NUL. */
static inline char *whole(FILE *file)
{
    size_t length = 0, room = 4096;
    char *text = allocated(room);
    for (;;) {
        size_t got = fread(text + length, 1, room - length - 1, file);
        char *larger;
        if (got == 0) break;
        length += got;
        if (room - length > 1) continue;
        room *= 2;
        larger = allocated(room);
        memcpy(larger, text, length);
        free(text);
        text = larger;
    }
    text[length] = 0;
    return text;
}

/* The text that an argument stands for: @FILE the content of a file, - all of the standard input, else itself.
 * To be freed. NULL if the file cannot be read; stderr says so. */
static inline char *text_of(const char *argument)
{
    if (strcmp(argument, "-") == 0) return whole(stdin);
    if (argument[0] == '@') {
        FILE *file = open_file(argument + 1);
        char *text = NULL;
        if (file == NULL) {
            fprintf(stderr, "O arquivo %s não pôde ser lido: confira o caminho.\n", argument + 1);
            return NULL;
        }
        text = whole(file);
        fclose(file);
        return text;
    }
    return copied(argument);
}

#endif
