/*
 * Checks, one line each, and what a reply comes to.
 */
#ifndef CHECKS_H
#define CHECKS_H

#include "loader.h"

/* Nobody listens there: no request leaves this computer. */
static const char OFFLINE[] =
    "{\"proxy\":\"nenhum\",\"timeout_conexao_s\":1,\"timeout_s\":2,"
    "\"porto\":{\"url\":\"http://127.0.0.1:9/\",\"consulta_url\":\"http://127.0.0.1:9/\"}}";

static const char KEY[] = "35220528779662000120579990000004681178902280";

static int passed, failed;

static inline void check(int holds, const char *what)
{
    if (holds) passed++;
    else failed++;
    printf("%s %d - %s\n", holds ? "ok" : "not ok", passed + failed, what);
    fflush(stdout);
}

/* The last line, and the exit code. */
static inline int conclude(void)
{
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}

/* Whether the value at `pointer` in `json` is `expected`; NULL: there is none. */
static inline int field_is(const char *json, const char *pointer, const char *expected)
{
    char *text = api.av_field(json, pointer);
    int same = expected == NULL ? text == NULL : text != NULL && strcmp(text, expected) == 0;
    api.av_free(text);
    return same;
}

/* The number at `pointer` in `reply`; -1 if there is none. */
static inline int number_in(const char *reply, const char *pointer)
{
    char *text = api.av_field(reply, pointer);
    int number = text != NULL ? atoi(text) : -1;
    api.av_free(text);
    return number;
}

/* The error code of `reply`; 0 if it reports success, -1 if it is no reply at all. */
static inline int code_of(const char *reply)
{
    int status = number_in(reply, "/status");
    return status == 1 ? 0 : status == 0 ? number_in(reply, "/error/0/code") : -1;
}

/* The same; frees `reply`. */
static inline int outcome(char *reply)
{
    int code = code_of(reply);
    api.av_free(reply);
    return code;
}

static inline void check_outcome(char *reply, int expected, const char *what)
{
    int code = outcome(reply);
    check(code == expected, what);
    if (code != expected) printf("# %d instead of %d\n", code, expected);
}

static inline int is_network_error(int code)
{
    return code >= AV_ERR_DNS && code <= AV_ERR_BROKEN_OFF;
}

/* A consulta that the server answered, whatever it knows of the key. */
static inline int is_answered(int code)
{
    return code == 0 || code == AV_ERR_NOT_ENDORSED;
}

/* A request without a callback. */
static inline char *execute_request(const char *request)
{
    return api.av_execute(request, NULL, NULL);
}

#endif
