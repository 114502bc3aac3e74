/*
 * Where the programs for testers get what is secret: a variable of the environment, or the keyboard.
 */
#ifndef SECRET_H
#define SECRET_H

#include "platform.h"

#ifndef _WIN32
#  include <termios.h>
#endif

#ifdef _WIN32

static inline char *from_environment(const char *name)
{
    WCHAR *wide = widened(name);
    const WCHAR *value = _wgetenv(wide);
    free(wide);
    return value != NULL ? narrowed(value) : NULL;
}

/* A line of the console, not shown while it is typed. NULL if the input is no console. */
static inline char *hidden_line(void)
{
    HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    WCHAR line[256];
    DWORD mode, length = 0;
    if (!GetConsoleMode(input, &mode)) return NULL;
    SetConsoleMode(input, mode & ~(DWORD)ENABLE_ECHO_INPUT);
    ReadConsoleW(input, line, 255, &length, NULL);
    SetConsoleMode(input, mode);
    line[length] = 0;
    return narrowed(line);
}

#else

static inline char *from_environment(const char *name)
{
    const char *value = getenv(name);
    return value != NULL ? copied(value) : NULL;
}

/* A line of the terminal, not shown while it is typed. NULL if the input is no terminal. */
static inline char *hidden_line(void)
{
    struct termios shown, hidden;
    char line[256] = "";
    if (tcgetattr(STDIN_FILENO, &shown) != 0) return NULL;
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    if (fgets(line, sizeof line, stdin) == NULL) line[0] = 0;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    return copied(line);
}

#endif

/* What to take for PASS: itself, or for - the variable AVERBADOR_PASS, or what is typed or piped in. To be freed. */
static inline char *password(const char *argument)
{
    char *line = NULL;
    if (strcmp(argument, "-") != 0) return copied(argument);
    line = from_environment("AVERBADOR_PASS");
    if (line != NULL) return line;
    fputs("Senha: ", stderr);
    line = hidden_line();
    if (line == NULL) line = whole(stdin);
    fputs("\n", stderr);
    line[strcspn(line, "\r\n")] = 0;
    return line;
}

#endif
