/*
 * libcurl: one handle, whose connection is kept alive.
 *
 *   libcurl WORK BASE CA USER PASS FILE...
 */
#include "timing.h"

#include <curl/curl.h>
#include <string.h>

enum { KEY_LENGTH = 44 };

static struct {
    char bytes[65536];
    size_t length;
} answer;

static size_t take(char *bytes, size_t size, size_t count, void *context)
{
    (void)context;
    if (answer.length + count >= sizeof answer.bytes) return 0;
    memcpy(answer.bytes + answer.length, bytes, count);
    answer.length += count;
    answer.bytes[answer.length] = 0;
    return size * count;
}

/* Does what the handle is set to; `expected` must be in the answer. */
static void perform(CURL *curl, const char *what, const char *expected)
{
    CURLcode code;
    answer.length = 0;
    code = curl_easy_perform(curl);
    expect(code == CURLE_OK, what, curl_easy_strerror(code));
    expect(strstr(answer.bytes, expected) != NULL, what, answer.bytes);
}

static void post(CURL *curl, const char *what, const char *form, const char *expected)
{
    curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, form);
    perform(curl, what, expected);
}

static void login(CURL *curl, const char *user, const char *pass)
{
    char form[1024], *user_escaped = curl_easy_escape(curl, user, 0), *pass_escaped = curl_easy_escape(curl, pass, 0);
    snprintf(form, sizeof form, "comp=5&mod=login&user=%s&pass=%s", user_escaped, pass_escaped);
    curl_free(user_escaped);
    curl_free(pass_escaped);
    post(curl, "login", form, "\"C\":{");
}

static void add_field(curl_mime *form, const char *name, const char *value)
{
    curl_mimepart *part = curl_mime_addpart(form);
    curl_mime_name(part, name);
    curl_mime_data(part, value, CURL_ZERO_TERMINATED);
}

static void upload(CURL *curl, const char *file)
{
    curl_mime *form = curl_mime_init(curl);
    curl_mimepart *part;
    add_field(form, "comp", "5");
    add_field(form, "mod", "Upload");
    add_field(form, "path", "eguarda/php/");
    add_field(form, "recipient", "");
    part = curl_mime_addpart(form);
    curl_mime_name(part, "file");
    curl_mime_filedata(part, file);
    curl_mime_type(part, "application/xml");
    curl_easy_setopt(curl, CURLOPT_MIMEPOST, form);
    perform(curl, "upload", "\"S\":{\"P\":1");
    curl_mime_free(form);
}

static void consulta(CURL *curl, const char *file)
{
    const char *slash = strrchr(file, '/'), *key = slash != NULL ? slash + 1 : file;
    char form[256];
    snprintf(form, sizeof form, "comp=5&mod=Protocolo&path=atwe/php/&chave[]=%.*s", KEY_LENGTH, key);
    post(curl, "consulta", form, "\"protocolo\":");
}

int main(int argc, char **argv)
{
    char conn[256];
    double begin;
    CURL *curl;
    int i;
    expect(argc > 5, "libcurl", "WORK BASE CA USER PASS FILE...");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    curl = curl_easy_init();
    snprintf(conn, sizeof conn, "%s/php/conn.php", argv[2]);
    curl_easy_setopt(curl, CURLOPT_URL, conn);
    curl_easy_setopt(curl, CURLOPT_CAINFO, argv[3]);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "Mozilla/5.0 Sistema ERP/1.0");
    curl_easy_setopt(curl, CURLOPT_COOKIEFILE, "");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    login(curl, argv[4], argv[5]);
    begin = now();
    for (i = 6; i < argc; i++) {
        upload(curl, argv[i]);
        if (strcmp(argv[1], "endorse") == 0) consulta(curl, argv[i]);
    }
    printf("{\"seconds\":%.6f}\n", now() - begin);
    curl_easy_cleanup(curl);
    return 0;
}
