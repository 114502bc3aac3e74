/*
 * What all the programs here do that use the library: they load it, configure it, and expect success.
 */
#ifndef HOST_H
#define HOST_H

#include "../harness/process.h"
#include "../harness/request.h"
#include "timing.h"

/* The service lets so many uploads a second through; the library allows as many and not more. */
#define UPLOADS_PER_SECOND 100

/* Where the service is and who asks: the arguments that all clients have. */
struct place {
    const char *base, *ca, *user, *pass;
};

/* `reply` if its status is 1; else the end. */
static inline char *successful(const char *what, char *reply)
{
    char *status = api.av_field(reply, "/status");
    expect(status != NULL && strcmp(status, "1") == 0, what, reply);
    api.av_free(status);
    return reply;
}

static inline void succeed(const char *what, char *reply)
{
    api.av_free(successful(what, reply));
}

/* Has the library go to `place`; `consulta` as in the settings; at most `pace` uploads in a second, 0: as the service wants it. */
static inline void configure(const struct place *place, const char *consulta, int pace)
{
    struct text porto = {0}, settings = {0};
    char url[256], number[16];
    snprintf(url, sizeof url, "%s/php/conn.php", place->base);
    put_field(&porto, "url", url);
    snprintf(url, sizeof url, "%s/atwe/php/Protocolo.php", place->base);
    put_field(&porto, "consulta_url", url);
    put_field(&porto, "consulta", consulta);
    if (pace > 0) {
        snprintf(number, sizeof number, "%d", pace);
        put_json(&porto, "uploads_por_segundo", number);
    }
    put_text(&porto, "}");
    put_field(&settings, "ca_pem", place->ca);
    put_json(&settings, "porto", porto.bytes);
    put_text(&settings, "}");
    succeed("configure", api.av_configure(settings.bytes));
    free(porto.bytes);
    free(settings.bytes);
}

/* The cookie of a login; to be freed by the library. */
static inline char *logged_in(const struct place *place)
{
    char *reply = successful("login", api.av_login(place->user, place->pass));
    char *cookie = api.av_field(reply, "/cookie");
    api.av_free(reply);
    return cookie;
}

/* The access key at the beginning of the file's name, in `key`. */
static inline const char *key_of(const char *file, char key[45])
{
    const char *slash = strrchr(file, '/');
    snprintf(key, 45, "%s", slash != NULL ? slash + 1 : file);
    return key;
}

#endif
