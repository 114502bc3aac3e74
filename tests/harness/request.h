/*
 * Requests: JSON is written here by hand, so that no program needs a library for it.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "platform.h"

struct text {
    char *bytes;
    size_t length, room;
};

static inline void put(struct text *text, const char *bytes, size_t length)
{
    if (text->length + length + 1 > text->room) {
        size_t room = 2 * (text->length + length) + 64;
        char *larger = allocated(room);
        if (text->bytes != NULL) memcpy(larger, text->bytes, text->length);
        free(text->bytes);
        text->bytes = larger;
        text->room = room;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = 0;
}

static inline void put_text(struct text *text, const char *bytes)
{
    put(text, bytes, strlen(bytes));
}

static inline void put_string(struct text *text, const char *value)
{
    char escape[8];
    put_text(text, "\"");
    for (; *value != 0; value++) {
        unsigned char c = (unsigned char)*value;
        if (c == '"' || c == '\\') put_text(text, "\\");
        if (c >= 0x20) {
            put(text, value, 1);
        } else {
            sprintf(escape, "\\u%04x", c);
            put_text(text, escape);
        }
    }
    put_text(text, "\"");
}

static inline void put_field(struct text *text, const char *name, const char *value)
{
    put_text(text, text->length == 0 ? "{" : ",");
    put_string(text, name);
    put_text(text, ":");
    put_string(text, value);
}

static inline void put_list(struct text *text, const char *name, char **values, int count)
{
    int i;
    put_text(text, ",");
    put_string(text, name);
    put_text(text, ":");
    for (i = 0; i < count; i++) {
        put_text(text, i == 0 ? "[" : ",");
        put_string(text, values[i]);
    }
    put_text(text, "]");
}

/* A value that is JSON already, of any kind. */
static inline void put_json(struct text *text, const char *name, const char *json)
{
    put_text(text, text->length == 0 ? "{" : ",");
    put_string(text, name);
    put_text(text, ":");
    put_text(text, json);
}

/* What an argument that is JSON stands for, without the mark with which some editors begin UTF-8. To be freed. */
static inline char *json_of(const char *argument)
{
    char *json = text_of(argument);
    if (json != NULL && strncmp(json, "\xEF\xBB\xBF", 3) == 0) memmove(json, json + 3, strlen(json + 3) + 1);
    return json;
}

/* aguardar_s, if there is something to wait for. 0 if it is no number, of which stderr tells. */
static inline int put_wait(struct text *request, const char *wait)
{
    if (wait == NULL) return 1;
    if (wait[0] == 0 || wait[strspn(wait, "0123456789")] != 0) {
        fprintf(stderr, "--aguardar pede um número de segundos, não %s. Veja: harness --help\n", wait);
        return 0;
    }
    put_json(request, "aguardar_s", wait);
    return 1;
}

#endif
