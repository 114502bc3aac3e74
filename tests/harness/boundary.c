/*
 * Tests the boundary of the library as a C program meets it: bad arguments, callbacks, threads, shutdown.
 *
 *   boundary [--lib PATH] [--settings JSON|@FILE]
 *
 * Works offline. With --settings, for av_configure, which name a server (the simulator), also what needs a connection.
 * Prints a line for each check; ends with 0 if all hold. Built like harness.c, on Linux with -lpthread besides.
 */
#include "checks.h"
#include "process.h"

static const char LOGIN[] = "{\"mod\":\"login\",\"user\":\"u\",\"pass\":\"p\"}";

static void go_offline(void)
{
    check_outcome(api.av_configure(OFFLINE), 0, "av_configure takes settings that keep everything on this computer");
}

static int login_offline(void)
{
    return is_network_error(outcome(api.av_login("u", "p")));
}

/* ---- Every text argument: NULL, not UTF-8, empty ---- */

static char *login_user(const char *text) { return api.av_login(text, "p"); }
static char *login_pass(const char *text) { return api.av_login("u", text); }
static char *upload_cookie(const char *text) { return api.av_upload_file(text, "nowhere.xml"); }
static char *upload_path(const char *text) { return api.av_upload_file("c", text); }
static char *consulta_cookie(const char *text) { return api.av_consulta(text, "1"); }
static char *consulta_chave(const char *text) { return api.av_consulta("", text); }
static char *configure_settings(const char *text) { return api.av_configure(text); }

static const struct argument {
    const char *name;
    char *(*call)(const char *text);
    int if_null, if_empty;
} ARGUMENTS[] = {
    {"av_login, user", login_user, AV_ERR_NULL_ARGUMENT, AV_ERR_MISSING_FIELD},
    {"av_login, pass", login_pass, AV_ERR_NULL_ARGUMENT, AV_ERR_MISSING_FIELD},
    {"av_upload_file, cookie", upload_cookie, AV_ERR_NULL_ARGUMENT, AV_ERR_MISSING_FIELD},
    {"av_upload_file, path", upload_path, AV_ERR_NULL_ARGUMENT, AV_ERR_MISSING_FIELD},
    /* May be NULL or empty: then it is the key, "1", that is wrong. */
    {"av_consulta, cookie", consulta_cookie, AV_ERR_BAD_ACCESS_KEY, AV_ERR_BAD_ACCESS_KEY},
    {"av_consulta, chave", consulta_chave, AV_ERR_NULL_ARGUMENT, AV_ERR_MISSING_FIELD},
    {"av_execute, request_json", execute_request, AV_ERR_NULL_ARGUMENT, AV_ERR_NOT_JSON},
    {"av_configure, settings_json", configure_settings, AV_ERR_NULL_ARGUMENT, AV_ERR_NOT_JSON},
};

/* A lone byte, Latin-1, a cut character, an overlong one, a surrogate, beyond Unicode. */
static const char *const NOT_UTF8[] = {
    "\xFF", "averba\xE7\xE3o", "a\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
};

enum { HOW_MANY_NOT_UTF8 = sizeof NOT_UTF8 / sizeof *NOT_UTF8 };

static void check_argument(const struct argument *argument)
{
    char what[80];
    int i, refused = 0;
    sprintf(what, "%s: NULL", argument->name);
    check_outcome(argument->call(NULL), argument->if_null, what);
    sprintf(what, "%s: empty", argument->name);
    check_outcome(argument->call(""), argument->if_empty, what);
    for (i = 0; i < HOW_MANY_NOT_UTF8; i++) refused += outcome(argument->call(NOT_UTF8[i])) == AV_ERR_NOT_UTF8;
    sprintf(what, "%s: not UTF-8", argument->name);
    check(refused == HOW_MANY_NOT_UTF8, what);
}

static void check_arguments(void)
{
    size_t i;
    for (i = 0; i < sizeof ARGUMENTS / sizeof *ARGUMENTS; i++) check_argument(&ARGUMENTS[i]);
}

/* ---- Requests that make no sense ---- */

static void check_requests(void)
{
    check_outcome(execute_request("{"), AV_ERR_NOT_JSON, "av_execute: not JSON");
    check_outcome(execute_request("[1]"), AV_ERR_NOT_JSON, "av_execute: JSON, but no object");
    check_outcome(execute_request("{}"), AV_ERR_MISSING_FIELD, "av_execute: no mod");
    check_outcome(execute_request("{\"mod\":1}"), AV_ERR_BAD_FIELD, "av_execute: mod of the wrong type");
    check_outcome(execute_request("{\"mod\":\"x\"}"), AV_ERR_UNKNOWN_MOD, "av_execute: unknown mod");
    check_outcome(execute_request("{\"mod\":\"login\",\"usr\":\"u\"}"), AV_ERR_BAD_FIELD, "av_execute: unknown field");
    check_outcome(execute_request("{\"mod\":\"login\",\"user\":1}"), AV_ERR_BAD_FIELD, "av_execute: wrong type");
    check_outcome(execute_request("{\"mod\":\"login\"}"), AV_ERR_MISSING_FIELD, "av_execute: missing field");
    check_outcome(upload_path("nowhere.xml"), AV_ERR_FILE_NOT_FOUND, "av_upload_file: no such file");
    check_outcome(configure_settings("{\"timeout_s\":-1}"), AV_ERR_BAD_SETTING, "av_configure: senseless setting");
    check_outcome(configure_settings("{\"x\":1}"), AV_ERR_BAD_SETTING, "av_configure: unknown setting");
}

/* ---- A file that another program holds: on Windows it cannot be read ---- */

#ifdef _WIN32

static void check_held_file(void)
{
    WCHAR folder[MAX_PATH + 1], name[MAX_PATH + 1];
    HANDLE file;
    DWORD written;
    char *path;
    GetTempPathW(MAX_PATH + 1, folder);
    GetTempFileNameW(folder, L"av", 0, name);
    file = CreateFileW(name, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    WriteFile(file, "<a/>", 4, &written, NULL);
    path = narrowed(name);
    check_outcome(upload_path(path), AV_ERR_FILE_NO_PERMISSION, "av_upload_file: a file that another program holds");
    free(path);
    CloseHandle(file);
    DeleteFileW(name);
}

#else

static void check_held_file(void)
{
}

#endif

/* ---- av_field, av_free, av_version ---- */

static void check_field(void)
{
    const char *json = "{\"a\":[1,{\"b/c\":\"\\u00e7\\n\"}],\"n\":null,\"\":true}";
    check(field_is(json, "/a/0", "1"), "av_field: a number");
    check(field_is(json, "/a/1/b~1c", "\xC3\xA7\n"), "av_field: a text, without its escapes");
    check(field_is(json, "/", "true"), "av_field: the key \"\"");
    check(field_is("[ 1 ]", "", "[ 1 ]"), "av_field: the whole");
    check(field_is(json, "/n", NULL) && field_is(json, "/x", NULL), "av_field: null and absent");
    check(field_is(json, "/a/2", NULL) && field_is(json, "/a/-1", NULL) && field_is(json, "/a/01", NULL),
          "av_field: no such place in a list");
    check(field_is(json, "a", NULL) && field_is(json, "/~2", NULL), "av_field: not a pointer");
    check(field_is("{", "/a", NULL) && field_is("", "", NULL), "av_field: not JSON");
    check(field_is(NULL, "/a", NULL) && field_is(json, NULL, NULL) && field_is(NULL, NULL, NULL), "av_field: NULL");
    check(field_is("\"\xFF\"", "", NULL) && field_is(json, "/\xFF", NULL), "av_field: not UTF-8");
    api.av_free(NULL);
    check(1, "av_free: NULL");
    check(strncmp(api.av_version(), "1.", 2) == 0, "av_version: of the ABI of the header");
}

/* ---- The progress callback ---- */

struct listener {
    int answer; /* what the callback returns */
    int calls, foreign_context, bad_events, wrong_codes;
    void (*inside)(struct listener *self);
};

static int32_t AV_CALL hear(const char *event, void *context)
{
    struct listener *self = context;
    self->calls++;
    if (!field_is(event, "/etapa", "login")) self->bad_events++;
    if (self->inside != NULL) self->inside(self);
    return self->answer;
}

/* What a login comes to when `answer` is returned to each of its events and `inside` done in it. */
static int listened(struct listener *self, int answer, void (*inside)(struct listener *))
{
    memset(self, 0, sizeof *self);
    self->answer = answer;
    self->inside = inside;
    return outcome(api.av_execute(LOGIN, hear, self));
}

static void call_the_library(struct listener *self)
{
    struct listener inner;
    if (outcome(execute_request("{\"mod\":\"x\"}")) != AV_ERR_UNKNOWN_MOD) self->wrong_codes++;
    if (listened(&inner, 1, NULL) != AV_ERR_CANCELLED) self->wrong_codes++;
}

static void reconfigure(struct listener *self)
{
    if (outcome(api.av_configure(OFFLINE)) != 0) self->wrong_codes++;
}

static void shut_down(struct listener *self)
{
    (void)self;
    api.av_shutdown();
}

static void check_callback(void)
{
    struct listener listener;
    check(is_network_error(outcome(execute_request(LOGIN))), "callback NULL: the call is made all the same");
    check(is_network_error(listened(&listener, 0, NULL)) && listener.calls == 2 && listener.bad_events == 0,
          "callback: told of beginning and end, with its context");
    check(listened(&listener, 1, NULL) == AV_ERR_CANCELLED && listener.calls == 1, "callback returns 1: stopped");
    check(listened(&listener, -1, NULL) == AV_ERR_CANCELLED && listener.calls == 1, "callback returns -1: stopped");
    check(listened(&listener, 1, call_the_library) == AV_ERR_CANCELLED && listener.wrong_codes == 0,
          "callback calls the library, which calls back again");
    check(is_network_error(listened(&listener, 0, reconfigure)) && listener.wrong_codes == 0,
          "callback changes the settings of later calls");
}

/* ---- Threads ---- */

static int threads_at_first;

/* Whether there are as many threads as before the first call. */
static int no_threads_left(void)
{
    return threads_come_to(threads_at_first);
}

/* Something that another thread does. */
struct job {
    struct thread thread;
    const char *request;
    volatile int entered, left; /* its callback */
    int good, bad;              /* outcomes */
};

static void judge(struct job *job, int holds)
{
    if (holds) job->good++;
    else job->bad++;
}

enum { JOBS = 6, ROUNDS = 50 };

/* Calls that need no server, over and over. */
static void hammer(void *job)
{
    struct job *self = job;
    struct listener listener;
    int round;
    for (round = 0; round < ROUNDS; round++) {
        judge(self, outcome(execute_request("{\"mod\":\"x\"}")) == AV_ERR_UNKNOWN_MOD);
        judge(self, outcome(upload_path("nowhere.xml")) == AV_ERR_FILE_NOT_FOUND);
        judge(self, listened(&listener, 1, NULL) == AV_ERR_CANCELLED);
        judge(self, field_is("{\"a\":\"b\"}", "/a", "b"));
    }
}

/* A thread for each does `work`, with its job. */
static void start_all(struct job *jobs, void (*work)(void *), const char *request)
{
    int i;
    memset(jobs, 0, JOBS * sizeof *jobs);
    for (i = 0; i < JOBS; i++) {
        jobs[i].request = request;
        start(&jobs[i].thread, work, &jobs[i]);
    }
}

/* Waits for them; how many outcomes were good. */
static int join_all(struct job *jobs)
{
    int i, good = 0;
    for (i = 0; i < JOBS; i++) {
        join(&jobs[i].thread);
        good += jobs[i].good;
    }
    return good;
}

static void check_many_threads(void)
{
    struct job jobs[JOBS];
    int i, configured = 0;
    start_all(jobs, hammer, NULL);
    for (i = 0; i < ROUNDS; i++) {
        configured += outcome(api.av_configure(OFFLINE)) == 0;
        api.av_shutdown();
    }
    check(join_all(jobs) == JOBS * ROUNDS * 4, "many threads call while another configures and shuts down");
    check(configured == ROUNDS, "av_configure while other threads call");
    api.av_shutdown();
    check(no_threads_left(), "no thread is left after that");
}

/* ---- av_shutdown ---- */

static int32_t AV_CALL dawdle(const char *event, void *context)
{
    struct job *self = context;
    (void)event;
    self->entered = 1;
    pause_ms(300);
    self->left = 1;
    return 1;
}

static void call_slowly(void *job)
{
    struct job *self = job;
    judge(self, outcome(api.av_execute(LOGIN, dawdle, self)) == AV_ERR_CANCELLED);
}

static void check_that_shutdown_waits(void)
{
    struct job job = {0};
    int waited;
    start(&job.thread, call_slowly, &job);
    while (!job.entered) pause_ms(1);
    api.av_shutdown();
    waited = job.left;
    join(&job.thread);
    check(waited, "av_shutdown waits for a call under way on another thread");
    check(job.good == 1, "which is not disturbed by it");
}

static void check_shutdown(void)
{
    struct listener listener;
    go_offline();
    check(login_offline() && no_threads_left(), "a call leaves no thread running");
    api.av_shutdown();
    check(no_threads_left(), "av_shutdown: no thread is left");
    api.av_shutdown();
    api.av_shutdown();
    check(no_threads_left(), "av_shutdown again and again");
    check(strncmp(api.av_version(), "1.", 2) == 0 && field_is("[1]", "/0", "1"), "calls after av_shutdown");
    go_offline();
    check(login_offline(), "a request after av_shutdown starts afresh");
    check(listened(&listener, 1, shut_down) == AV_ERR_CANCELLED, "av_shutdown from inside a callback that stops");
    check(no_threads_left(), "no thread is left when that call ends");
    go_offline();
    check(is_network_error(listened(&listener, 0, shut_down)), "av_shutdown from inside a callback that goes on");
    check(no_threads_left(), "no thread is left when that call ends");
    check_that_shutdown_waits();
}

/* ---- With a server ---- */

static int32_t AV_CALL note_entry(const char *event, void *context)
{
    (void)event;
    ((struct job *)context)->entered = 1;
    return 0;
}

static void consult(void *job)
{
    struct job *self = job;
    judge(self, is_answered(outcome(api.av_execute(self->request, note_entry, self))));
}

static void consult_often(void *job)
{
    int round;
    for (round = 0; round < ROUNDS; round++) consult(job);
}

/* Who looks at the server sees that the threads share their connections. */
static void check_connections(const char *request)
{
    struct job jobs[JOBS];
    start_all(jobs, consult_often, request);
    check(join_all(jobs) == JOBS * ROUNDS, "many threads consult at once");
}

static void check_live(const char *settings)
{
    char request[100];
    struct job jobs[JOBS];
    int i;
    sprintf(request, "{\"mod\":\"Consulta\",\"chave\":\"%s\"}", KEY);
    check_outcome(api.av_configure(settings), 0, "av_configure takes --settings");
    check(is_answered(outcome(api.av_consulta(NULL, KEY))), "the server answers");
    check_connections(request);
    start_all(jobs, consult, request);
    for (i = 0; i < JOBS; i++) {
        while (!jobs[i].entered) pause_ms(1);
    }
    api.av_shutdown();
    check(join_all(jobs) == JOBS, "av_shutdown lets requests under way have their answers");
    check(no_threads_left(), "no thread is left after connections were open");
}

/* ---- What is left of a password in memory ---- */

/* A sanitizer keeps what was freed, and forbids to look at it. */
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)

/* Each character of the password plus one: as it is it stands nowhere in this program. */
static const char HIDDEN[] = "tfoib.fn.nfnpsjb.8+r";

enum { PASSWORD_LENGTH = sizeof HIDDEN - 1 };

static int is_password(const volatile char *at)
{
    int i;
    for (i = 0; i < PASSWORD_LENGTH && at[i] == HIDDEN[i] - 1; i++) continue;
    return i == PASSWORD_LENGTH;
}

/* How often the password is in the memory that this process can write to. */
static int count_passwords(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    static char line[1000];
    char may[5];
    unsigned long from, to;
    int count = 0;
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        if (sscanf(line, "%lx-%lx %4s", &from, &to, may) != 3 || strncmp(may, "rw", 2) != 0) continue;
        for (; from + PASSWORD_LENGTH <= to; from++) count += is_password((const volatile char *)from);
    }
    if (maps != NULL) fclose(maps);
    return count;
}

static void wipe(volatile char *text, size_t size)
{
    while (size-- > 0) text[size] = 0;
}

/* By every way that a password takes: as an argument, in JSON, in JSON with an escape, refused and sent. */
static void check_memory(void)
{
    char password[PASSWORD_LENGTH + 1], request[200];
    int i;
    for (i = 0; i < PASSWORD_LENGTH; i++) password[i] = (char)(HIDDEN[i] - 1);
    password[i] = 0;
    check(count_passwords() == 1, "a password that is in memory can be found");
    check_outcome(api.av_login("u", password), AV_ERR_BAD_CREDENTIALS, "a login with it");
    sprintf(request, "{\"mod\":\"login\",\"user\":\"u\",\"pass\":\"\\/%s\"}", password);
    check_outcome(execute_request(request), AV_ERR_BAD_CREDENTIALS, "a login in JSON");
    sprintf(request, "{\"mod\":\"Lista\",\"user\":\"u\",\"pass\":\"%s\",\"x\":1}", password);
    check_outcome(execute_request(request), AV_ERR_BAD_FIELD, "a request that is refused");
    api.av_shutdown();
    wipe(password, sizeof password);
    wipe(request, sizeof request);
    check(count_passwords() == 0, "after av_shutdown nothing of it is left in the memory of the process");
}

#else

static void check_memory(void)
{
}

#endif

/* ---- The processor's floating point traps, which Delphi and Free Pascal programs switch on ---- */

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))

static unsigned sse_control(void)
{
    unsigned control;
    __asm__ volatile("stmxcsr %0" : "=m"(control));
    return control;
}

static void set_sse_control(unsigned control)
{
    __asm__ volatile("ldmxcsr %0" : : "m"(control));
}

static void check_floating_point(void)
{
    enum { INVALID_ZERO_DIVIDE_OVERFLOW = 0x680, FLAGS = 0x3F };
    unsigned before = sse_control(), trapping = before & ~(unsigned)(INVALID_ZERO_DIVIDE_OVERFLOW | FLAGS), after;
    int code;
    puts("# if the process dies here, the library computes with the host's floating point traps");
    fflush(stdout);
    set_sse_control(trapping);
    if (sse_control() != trapping) {
        puts("# not checked: the traps cannot be switched on here (valgrind)");
        return;
    }
    code = outcome(execute_request("{\"mod\":\"login\",\"user\":9999999999999999999e300}"));
    after = sse_control();
    set_sse_control(before);
    check(code == AV_ERR_NOT_JSON, "a number out of range, with floating point traps on");
    check((after & ~(unsigned)FLAGS) == trapping, "the caller's traps are as they were");
}

#else

static void check_floating_point(void)
{
}

#endif

/* ---- The program ---- */

static void run_checks(const char *settings)
{
    threads_at_first = count_threads();
    go_offline();
    check_arguments();
    check_requests();
    check_held_file();
    check_field();
    check_callback();
    check_shutdown();
    check_many_threads();
    if (settings != NULL) check_live(settings);
    if (settings != NULL && outcome(api.av_configure(settings)) == 0) check_memory();
    check_floating_point();
    api.av_shutdown();
}

int main(int argc, char **argv)
{
    char **words = utf8_arguments(&argc, argv);
    const char *path = NULL;
    char *settings = NULL;
    int i;
    for (i = 1; i + 1 < argc; i += 2) {
        if (strcmp(words[i], "--lib") == 0) path = words[i + 1];
        else if (strcmp(words[i], "--settings") == 0 && settings == NULL) settings = text_of(words[i + 1]);
        else break;
    }
    if (i != argc || !load_library(path)) {
        fputs("Uso: boundary [--lib CAMINHO] [--settings JSON|@ARQUIVO]\n", stderr);
        return 2;
    }
    run_checks(settings);
    free(settings);
    free_arguments(argc, words);
    return conclude();
}
