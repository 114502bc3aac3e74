/*
 * Has many threads use the library at once, every function of it, while settings change and the library is shut down, and
 * tells what became of every document. Meant to run against the simulator with faults on; `cargo xtask soak` does that.
 *
 *   soak --lib PATH --xml @FILE --event @FILE --user USER --pass PASSWORD (--rounds N | --minutes N) [--threads N] [--seed N]
 *
 * Run it in a folder of its own: there it writes documents, made after the two models (a CT-e and the event that cancels
 * one). AVERBADOR_CONFIG must name settings that lead to the server: after av_shutdown the next call has no others.
 *
 * Writes lines of JSON:
 *   {"key":"3522...","fate":"endorsed","protocol":"0588..."}   what the replies say of a document, once for each made:
 *                             endorsed; taken (received, number not known); failed; uncertain
 *   {"cancelled":"3522..."}   the reply to its cancellation says that it is done
 *   {"wrong":"..."}           a reply that breaks the contract
 *   {"seconds":10,"rounds":90,"memory_kb":9000,"threads":70,"handles":120,"documents":80,"codes":{"0":100,"3005":2}}
 *                             now and then; before the first call with "begin":true; after av_shutdown with "end":true
 */
#include "checks.h"
#include "process.h"

#include <stdarg.h>
#include <time.h>

enum { KEY_LENGTH = 44, MOST_THREADS = 256, MOST_CODES = 10000, MOST_TOGETHER = 6 };

static struct options {
    const char *library, *user, *password;
    char *xml, *event;
    int threads, rounds, minutes;
    unsigned seed;
} options = {.threads = 64};

/* A thread at work. */
struct worker {
    struct thread thread;
    unsigned random;
    char cookie[64]; /* of its last login; empty if there is none */
    int in_callback;
};

static struct worker workers[MOST_THREADS];

/* What all of them share, under `shared.lock`. */
static struct {
    lock_type lock;
    long documents, rounds, codes[MOST_CODES];
    volatile int at_work, stop;
} shared;

/* ---- Chance ---- */

static unsigned below(struct worker *self, unsigned limit)
{
    self->random ^= self->random << 13;
    self->random ^= self->random >> 17;
    self->random ^= self->random << 5;
    return self->random % limit;
}

static int one_in(struct worker *self, unsigned many)
{
    return below(self, many) == 0;
}

/* ---- Telling ---- */

static void report(const char *pattern, ...)
{
    va_list values;
    va_start(values, pattern);
    acquire(&shared.lock);
    vprintf(pattern, values);
    fflush(stdout);
    release(&shared.lock);
    va_end(values);
}

static void complain(const char *what, const char *reply)
{
    const char *at;
    acquire(&shared.lock);
    printf("{\"wrong\":\"%s: ", what);
    for (at = reply != NULL ? reply : "NULL"; *at != 0; at++) {
        if (*at == '"' || *at == '\\') putchar('\\');
        putchar(*at);
    }
    puts("\"}");
    fflush(stdout);
    release(&shared.lock);
}

/* What the process holds and has done. `more` goes behind it. */
static void tell_state(time_t since, const char *more)
{
    int threads = count_threads(), handles = count_handles(), code;
    const char *comma = "";
    acquire(&shared.lock);
    printf("{\"seconds\":%ld,\"rounds\":%ld,\"memory_kb\":%ld,\"threads\":%d,\"handles\":%d,\"documents\":%ld,\"codes\":{",
           (long)(time(NULL) - since), shared.rounds, memory_kb(), threads, handles, shared.documents);
    for (code = 0; code < MOST_CODES; code++) {
        if (shared.codes[code] == 0) continue;
        printf("%s\"%d\":%ld", comma, code, shared.codes[code]);
        comma = ",";
    }
    printf("}%s}\n", more);
    fflush(stdout);
    release(&shared.lock);
}

/* ---- Replies ---- */

/* The code of the first document that failed, in a reply on many; -1 if there is none. */
static int first_failure(const char *reply)
{
    char pointer[40];
    int i, code = -1;
    for (i = 0; code < 0 && i < MOST_TOGETHER; i++) {
        sprintf(pointer, "/S/%d/error/0/code", i);
        code = number_in(reply, pointer);
    }
    return code;
}

/* The error code of `reply`, 0 for success; counted. It must be a reply of the contract: `mod`, `status`, an error if 0. */
static int weigh(const char *mod, const char *reply)
{
    int code = code_of(reply);
    if (code < 0) code = first_failure(reply);
    if (code < 0 || code >= MOST_CODES || !field_is(reply, "/mod", mod) || field_is(reply, "/status", NULL)) {
        complain(mod, reply);
        return AV_ERR_BUG;
    }
    if (code == AV_ERR_BUG) complain(mod, reply);
    acquire(&shared.lock);
    shared.codes[code]++;
    release(&shared.lock);
    return code;
}

/* The same; frees `reply`. */
static int weighed(const char *mod, char *reply)
{
    int code = weigh(mod, reply);
    api.av_free(reply);
    return code;
}

static void expect(int expected, const char *mod, char *reply)
{
    if (weigh(mod, reply) != expected) complain("another code was expected", reply);
    api.av_free(reply);
}

static void keep_cookie(struct worker *self, const char *reply)
{
    char *cookie = api.av_field(reply, "/cookie");
    if (cookie != NULL && strlen(cookie) < sizeof self->cookie) strcpy(self->cookie, cookie);
    api.av_free(cookie);
}

/* ---- Documents ---- */

/* Behind these stands the key in the models. */
static const char CTE_MARK[] = "Id=\"CTe", EVENT_MARK[] = "<chCTe>";

struct document {
    char key[KEY_LENGTH + 1];
    char file[KEY_LENGTH + 10];
};

/* Takes the key that stands behind `mark`; 0 if there is none. */
static int key_behind(const char *mark, const char *model, char *key)
{
    const char *at = strstr(model, mark);
    if (at == NULL || strlen(at) < strlen(mark) + KEY_LENGTH) return 0;
    memcpy(key, at + strlen(mark), KEY_LENGTH);
    key[KEY_LENGTH] = 0;
    return 1;
}

/* Writes `model` to `file` with `key` in place of the one that stands behind `mark`. */
static void write_model(const char *file, const char *model, const char *mark, const char *key)
{
    char old[KEY_LENGTH + 1], *text = copied(model), *at;
    FILE *out = fopen(file, "wb");
    if (out == NULL || !key_behind(mark, model, old)) {
        fprintf(stderr, "%s não pôde ser gravado.\n", file);
        exit(2);
    }
    for (at = strstr(text, old); at != NULL; at = strstr(at + KEY_LENGTH, old)) memcpy(at, key, KEY_LENGTH);
    fputs(text, out);
    fclose(out);
    free(text);
}

/* The last digit of an access key (modulo 11). */
static char check_digit(const char *key)
{
    int i, sum = 0;
    for (i = 0; i < KEY_LENGTH - 1; i++) sum += (key[i] - '0') * (2 + (KEY_LENGTH - 2 - i) % 8);
    return (char)(sum % 11 < 2 ? '0' : '0' + 11 - sum % 11);
}

/* A CT-e that nobody has seen yet, as a file. */
static struct document new_document(void)
{
    struct document document;
    char number[24];
    acquire(&shared.lock);
    sprintf(number, "%09ld", ++shared.documents);
    release(&shared.lock);
    key_behind(CTE_MARK, options.xml, document.key);
    memcpy(document.key + 25, number, 9);
    document.key[KEY_LENGTH - 1] = check_digit(document.key);
    sprintf(document.file, "%s.xml", document.key);
    write_model(document.file, options.xml, CTE_MARK, document.key);
    return document;
}

static void tell_fate(const struct document *document, const char *fate)
{
    report("{\"key\":\"%s\",\"fate\":\"%s\"}\n", document->key, fate);
    remove(document->file);
}

/* Endorsed, with the protocol in `reply` behind `place`. */
static void tell_endorsed(const struct document *document, const char *reply, const char *place)
{
    char pointer[40], *protocol;
    sprintf(pointer, "%s/protocolo", place);
    protocol = api.av_field(reply, pointer);
    report("{\"key\":\"%s\",\"fate\":\"endorsed\",\"protocol\":\"%s\"}\n", document->key, protocol != NULL ? protocol : "");
    api.av_free(protocol);
    remove(document->file);
}

/* What averbaRet says of a document: in `reply` behind `place`, "" or "/S/2". */
static void tell_outcome(const struct document *document, const char *reply, const char *place)
{
    char status[40], uncertain[40], stage[40];
    sprintf(status, "%s/status", place);
    sprintf(uncertain, "%s/error/0/incerto", place);
    sprintf(stage, "%s/etapa", place);
    if (field_is(reply, status, "1")) tell_endorsed(document, reply, place);
    else if (!field_is(reply, status, "0")) complain("nothing of a document", reply);
    else if (field_is(reply, uncertain, "true")) tell_fate(document, "uncertain");
    else tell_fate(document, field_is(reply, stage, "consulta") ? "taken" : "failed");
}

/* ---- What a thread does ---- */

static void log_in(struct worker *self)
{
    char *reply = api.av_login(options.user, options.password);
    if (weigh("loginRet", reply) == 0) keep_cookie(self, reply);
    api.av_free(reply);
}

static void log_in_wrongly(struct worker *self)
{
    (void)self;
    weighed("loginRet", api.av_login("NINGUEM", "senha errada"));
}

/* Looks up a document that was sent. If that may have failed, `uncertain`, not to be found is an answer. */
static void look_up(struct worker *self, const struct document *document, int uncertain)
{
    char *reply = api.av_consulta(one_in(self, 2) ? self->cookie : NULL, document->key);
    int code = weigh("averbaRet", reply);
    if (code == 0) tell_endorsed(document, reply, "");
    else if (code != AV_ERR_NOT_ENDORSED) tell_fate(document, uncertain ? "uncertain" : "taken");
    else tell_fate(document, "failed");
    if (code == AV_ERR_NOT_ENDORSED && !uncertain) complain("taken and not to be found", reply);
    api.av_free(reply);
}

static void upload(struct worker *self)
{
    struct document document = new_document();
    char *reply;
    int code, uncertain;
    if (self->cookie[0] == 0) log_in(self);
    reply = api.av_upload_file(self->cookie, document.file);
    code = weigh("uploadRet", reply);
    uncertain = field_is(reply, "/error/0/incerto", "true");
    api.av_free(reply);
    if (code == AV_ERR_SESSION_EXPIRED) self->cookie[0] = 0;
    if (code == 0 || uncertain) look_up(self, &document, uncertain);
    else tell_fate(&document, "failed");
}

static int32_t AV_CALL hear(const char *event, void *context);

/* Executes a request that needs a login; the first words of its fields. The reply is to be freed. */
static char *execute(struct worker *self, const char *mod, const char *pattern, ...)
{
    char request[2000];
    va_list values;
    int length = sprintf(request, "{\"mod\":\"%s\",\"user\":\"%s\",\"pass\":\"%s\",\"cookie\":\"%s\",", mod, options.user,
                         options.password, one_in(self, 4) ? "" : self->cookie);
    char *reply;
    va_start(values, pattern);
    vsprintf(request + length, pattern, values);
    va_end(values);
    reply = api.av_execute(request, one_in(self, 3) ? NULL : hear, self);
    keep_cookie(self, reply);
    return reply;
}

static void cancel(struct worker *self, const struct document *document)
{
    char file[KEY_LENGTH + 20], *reply;
    sprintf(file, "%s-canc.xml", document->key);
    write_model(file, options.event, EVENT_MARK, document->key);
    reply = execute(self, "Cancela", "\"cte\":\"%s\"}", file);
    if (weigh("cancelaRet", reply) == 0) report("{\"cancelled\":\"%s\"}\n", document->key);
    api.av_free(reply);
    remove(file);
}

static void endorse_one(struct worker *self)
{
    struct document document = new_document();
    char *reply = execute(self, "Averba", "\"cte\":\"%s\"}", document.file);
    int code = weigh("averbaRet", reply);
    tell_outcome(&document, reply, "");
    api.av_free(reply);
    if (code == 0 && one_in(self, 5)) cancel(self, &document);
}

static void endorse_many(struct worker *self)
{
    struct document documents[MOST_TOGETHER];
    int count = 2 + (int)below(self, MOST_TOGETHER - 1), i;
    char paths[MOST_TOGETHER * (KEY_LENGTH + 20)] = "", diary[80], place[20], *reply;
    for (i = 0; i < count; i++) {
        documents[i] = new_document();
        sprintf(paths + strlen(paths), "%s\"%s\"", i == 0 ? "" : ",", documents[i].file);
    }
    sprintf(diary, "%s.jsonl", documents[0].key);
    if (one_in(self, 2)) reply = execute(self, "Averba", "\"cte\":[%s]}", paths);
    else reply = execute(self, "Averba", "\"cte\":[%s],\"diario\":\"%s\"}", paths, diary);
    weigh("averbaRet", reply);
    for (i = 0; i < count; i++) {
        sprintf(place, "/S/%d", i);
        tell_outcome(&documents[i], reply, place);
    }
    api.av_free(reply);
    remove(diary);
}

static void list(struct worker *self)
{
    weighed("listaRet", execute(self, "Lista", "\"numero\":%u,\"limite\":3}", 1 + below(self, 100)));
}

static void ask(struct worker *self)
{
    (void)self;
    weighed("averbaRet", api.av_consulta(NULL, KEY));
}

static void talk_nonsense(struct worker *self)
{
    (void)self;
    expect(AV_ERR_UNKNOWN_MOD, "erroRet", execute_request("{\"mod\":\"x\"}"));
    expect(AV_ERR_NOT_JSON, "erroRet", execute_request("{"));
    expect(AV_ERR_BAD_FIELD, "loginRet", execute_request("{\"mod\":\"login\",\"usr\":\"u\"}"));
    expect(AV_ERR_NULL_ARGUMENT, "loginRet", api.av_login(NULL, "p"));
    expect(AV_ERR_FILE_NOT_FOUND, "uploadRet", api.av_upload_file("c", "nowhere.xml"));
    expect(AV_ERR_BAD_SETTING, "configRet", api.av_configure("{\"timeout_s\":0}"));
}

static void read_fields(struct worker *self)
{
    (void)self;
    if (!field_is("{\"a\":[1,{\"b\":\"c\"}]}", "/a/1/b", "c") || !field_is("{", "/a", NULL)) complain("av_field", "");
    if (strncmp(api.av_version(), "1.", 2) != 0) complain("av_version", api.av_version());
    api.av_free(NULL);
}

static void configure(struct worker *self)
{
    static const char *const SETTINGS[] = {
        "{\"timeout_s\":50}",
        "{\"timeout_s\":null}",
        "{\"user_agent\":\"Mozilla/5.0 Soak\"}",
        "{\"user_agent\":null}",
        "{\"porto\":{\"consulta\":\"quando_faltar\"}}",
        "{\"porto\":{\"consulta\":null}}",
        "{\"log\":{\"arquivo\":\"soak.log\"}}",
        "{\"log\":null}",
    };
    expect(0, "configRet", api.av_configure(SETTINGS[below(self, sizeof SETTINGS / sizeof *SETTINGS)]));
}

static void shut_down(struct worker *self)
{
    (void)self;
    api.av_shutdown();
}

/* All that can be done, and how often in proportion. */
static const struct deed {
    unsigned weight;
    void (*run)(struct worker *self);
} DEEDS[] = {
    {8, log_in}, {1, log_in_wrongly}, {40, upload}, {50, endorse_one}, {30, endorse_many}, {8, list}, {20, ask},
    {15, talk_nonsense}, {15, read_fields}, {2, configure}, {1, shut_down},
};

enum { DEED_COUNT = sizeof DEEDS / sizeof *DEEDS };

static const struct deed *any_deed(struct worker *self)
{
    unsigned all = 0, chosen;
    const struct deed *deed;
    for (deed = DEEDS; deed < DEEDS + DEED_COUNT; deed++) all += deed->weight;
    chosen = below(self, all);
    for (deed = DEEDS; chosen >= deed->weight; deed++) chosen -= deed->weight;
    return deed;
}

/* Hears of the stages; now and then calls the library itself, anything of it, or asks to stop. */
static int32_t AV_CALL hear(const char *event, void *context)
{
    struct worker *self = context;
    if (field_is(event, "/etapa", NULL) || field_is(event, "/msg", NULL)) complain("an event", event);
    if (!self->in_callback && one_in(self, 15)) {
        self->in_callback = 1;
        any_deed(self)->run(self);
        self->in_callback = 0;
    }
    return one_in(self, 60);
}

static void work(void *worker)
{
    int round;
    for (round = 0; !shared.stop && (options.minutes != 0 || round < options.rounds); round++) {
        any_deed(worker)->run(worker);
        acquire(&shared.lock);
        shared.rounds++;
        release(&shared.lock);
    }
    acquire(&shared.lock);
    shared.at_work--;
    release(&shared.lock);
}

/* ---- The program ---- */

/* Tells the state: at first every second, later every ten. */
static void watch(time_t since)
{
    time_t next = since;
    while (shared.at_work > 0) {
        time_t now = time(NULL);
        if (options.minutes != 0 && now - since >= 60L * options.minutes) shared.stop = 1;
        if (now >= next) {
            tell_state(since, "");
            next = now + (now - since < 10 ? 1 : 10);
        }
        pause_ms(50);
    }
}

static void run(void)
{
    time_t since = time(NULL);
    int i;
    make_lock(&shared.lock);
    tell_state(since, ",\"begin\":true");
    shared.at_work = options.threads;
    for (i = 0; i < options.threads; i++) {
        workers[i].random = (options.seed + 2654435761u * (unsigned)(i + 1)) | 1;
        start(&workers[i].thread, work, &workers[i]);
    }
    watch(since);
    for (i = 0; i < options.threads; i++) join(&workers[i].thread);
    api.av_shutdown();
    tell_state(since, ",\"end\":true");
}

static int take_options(int count, char **words)
{
    char key[KEY_LENGTH + 1];
    int i;
    for (i = 1; i + 1 < count; i += 2) {
        const char *value = words[i + 1];
        if (strcmp(words[i], "--lib") == 0) options.library = value;
        else if (strcmp(words[i], "--xml") == 0) options.xml = text_of(value);
        else if (strcmp(words[i], "--event") == 0) options.event = text_of(value);
        else if (strcmp(words[i], "--user") == 0) options.user = value;
        else if (strcmp(words[i], "--pass") == 0) options.password = value;
        else if (strcmp(words[i], "--threads") == 0) options.threads = atoi(value);
        else if (strcmp(words[i], "--rounds") == 0) options.rounds = atoi(value);
        else if (strcmp(words[i], "--minutes") == 0) options.minutes = atoi(value);
        else if (strcmp(words[i], "--seed") == 0) options.seed = (unsigned)strtoul(value, NULL, 10);
        else return 0;
    }
    return i == count && options.xml != NULL && key_behind(CTE_MARK, options.xml, key) && options.event != NULL &&
           key_behind(EVENT_MARK, options.event, key) && options.user != NULL && options.password != NULL &&
           options.threads > 0 && options.threads <= MOST_THREADS && options.rounds + options.minutes > 0 &&
           getenv("AVERBADOR_CONFIG") != NULL;
}

int main(int argc, char **argv)
{
    char **words = utf8_arguments(&argc, argv);
    if (!take_options(argc, words) || !load_library(options.library)) {
        fputs("Uso: soak --lib CAMINHO --xml @ARQUIVO --event @ARQUIVO --user USUARIO --pass SENHA\n"
              "          (--rounds N | --minutes N) [--threads N] [--seed N]     com AVERBADOR_CONFIG\n", stderr);
        return 2;
    }
    run();
    free(options.xml);
    free(options.event);
    free_arguments(argc, words);
    return 0;
}
