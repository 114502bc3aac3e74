/*
 * The library, as a program uses it that loads it by name.
 *
 *   averbador LIBRARY WORK BASE CA USER PASS FILE...
 *
 * WORK: endorse, upload     the functions av_login, av_upload_file, av_consulta; of an .xml, of a .zip with its .txt, of a .txt
 *       sempre, quando_faltar, ritmo
 *                           av_execute with one Averba for each document, by this setting; ritmo: sempre, and at most as many
 *                           uploads in a second as the service wants
 *       together            av_execute with one Averba for all of them
 */
#include "host.h"

/* Files in a burst of uploads, if that is all that is done: as many as the library lets through at once. */
static const int BURST = UPLOADS_PER_SECOND;

static int ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), behind = strlen(end);
    return length >= behind && strcmp(text + length - behind, end) == 0;
}

static void consulta_of_list(const char *cookie, const char *file)
{
    struct text request = {0};
    FILE *list = fopen(file, "r");
    char key[64];
    const char *comma = "";
    expect(list != NULL, "list", file);
    put_field(&request, "mod", "Consulta");
    put_field(&request, "cookie", cookie);
    put_text(&request, ",\"chave\":[");
    while (fscanf(list, "%63s", key) == 1) {
        put_text(&request, comma);
        put_string(&request, key);
        comma = ",";
    }
    put_text(&request, "]}");
    fclose(list);
    succeed("consulta", api.av_execute(request.bytes, NULL, NULL));
    free(request.bytes);
}

static void consulta(const char *cookie, const char *file)
{
    char list[4096], key[45];
    if (!ends_with(file, ".zip")) {
        succeed("consulta", api.av_consulta(cookie, key_of(file, key)));
        return;
    }
    snprintf(list, sizeof list, "%.*s.txt", (int)(strlen(file) - 4), file);
    consulta_of_list(cookie, list);
}

/* By the plain functions. Gives the seconds that it took, without the pauses between bursts of mere uploads. */
static double by_functions(const struct place *place, int only_upload, char **files, int count)
{
    char *cookie = logged_in(place);
    double begin = now(), paused = 0;
    int i;
    for (i = 0; i < count; i++) {
        if (only_upload && i > 0 && i % BURST == 0) {
            double since = now();
            pause_ms(1100);
            paused += now() - since;
        }
        if (ends_with(files[i], ".txt")) {
            consulta_of_list(cookie, files[i]);
            continue;
        }
        succeed("upload", api.av_upload_file(cookie, files[i]));
        if (!only_upload) consulta(cookie, files[i]);
    }
    api.av_free(cookie);
    return now() - begin - paused;
}

/* By one Averba for each. */
static double by_messages(const struct place *place, char **files, int count)
{
    char *cookie = logged_in(place);
    double begin = now();
    int i;
    for (i = 0; i < count; i++) {
        struct text request = {0};
        put_field(&request, "mod", "Averba");
        put_field(&request, "cookie", cookie);
        put_field(&request, "cte", files[i]);
        put_text(&request, "}");
        succeed("Averba", api.av_execute(request.bytes, NULL, NULL));
        free(request.bytes);
    }
    api.av_free(cookie);
    return now() - begin;
}

/* By one Averba for all. */
static double together(const struct place *place, char **files, int count)
{
    struct text request = {0};
    double begin = now();
    put_field(&request, "mod", "Averba");
    put_field(&request, "user", place->user);
    put_field(&request, "pass", place->pass);
    put_list(&request, "cte", files, count);
    put_text(&request, "}");
    succeed("Averba", api.av_execute(request.bytes, NULL, NULL));
    free(request.bytes);
    return now() - begin;
}

int main(int argc, char **argv)
{
    struct place place;
    const char *work;
    double seconds;
    expect(argc > 7, "averbador", "LIBRARY WORK BASE CA USER PASS FILE...");
    work = argv[2];
    place.base = argv[3], place.ca = argv[4], place.user = argv[5], place.pass = argv[6];
    expect(load_library(argv[1]), "library", argv[1]);
    configure(&place, strcmp(work, "quando_faltar") == 0 ? work : "sempre",
              strcmp(work, "ritmo") == 0 ? 0 : UPLOADS_PER_SECOND);
    if (strcmp(work, "endorse") == 0 || strcmp(work, "upload") == 0) {
        seconds = by_functions(&place, strcmp(work, "upload") == 0, argv + 7, argc - 7);
    } else if (strcmp(work, "together") == 0) {
        seconds = together(&place, argv + 7, argc - 7);
    } else {
        seconds = by_messages(&place, argv + 7, argc - 7);
    }
    api.av_shutdown();
    printf("{\"seconds\":%.6f}\n", seconds);
    return 0;
}
