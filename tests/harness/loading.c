/*
 * Tests how a program gets the library and gets rid of it: loaded and unloaded over and over, two copies side by side, the
 * end of the process in the middle of a call.
 *
 *   loading --lib PATH --settings JSON|@FILE [--copy PATH --copy-settings JSON|@FILE]
 *   loading --lib PATH --settings JSON|@FILE --end return|now|callback
 *
 * The settings, for av_configure, name a server: a simulator for each copy. With --end it should be a silent one; the
 * program then prints nothing and its exit code is 7. Else it prints a line for each check and ends with 0 if all hold.
 */
#include "checks.h"
#include "process.h"

enum { CYCLES = 200, ENDED_ON_THE_WAY = 7 };

static struct options {
    const char *library, *copy, *end;
    char *settings, *copy_settings;
} options;

/* ---- Loading and unloading ---- */

/* What must not grow. */
struct holdings {
    int threads, handles;
    long memory_kb;
};

static struct holdings holdings(void)
{
    struct holdings now;
    now.threads = count_threads();
    now.handles = count_handles();
    now.memory_kb = memory_kb();
    return now;
}

/* Loads the library, uses it without a connection, unloads it. */
static int visit(int with_shutdown)
{
    int fine = load_library(options.library) && outcome(api.av_configure(options.settings)) == 0;
    fine = fine && outcome(api.av_upload_file("c", "nowhere.xml")) == AV_ERR_FILE_NOT_FOUND;
    if (with_shutdown) api.av_shutdown();
    unload_library();
    return fine;
}

/* The same with a request. */
static int visit_server(int with_shutdown)
{
    int fine = load_library(options.library) && outcome(api.av_configure(options.settings)) == 0;
    fine = fine && is_answered(outcome(api.av_consulta(NULL, KEY)));
    if (with_shutdown) api.av_shutdown();
    unload_library();
    return fine;
}

static int visits(int count, int with_shutdown)
{
    int good = 0;
    while (count-- > 0) good += visit(with_shutdown);
    return good;
}

static void check_cycles(int with_shutdown)
{
    char what[100];
    const char *how = with_shutdown ? "with av_shutdown" : "without av_shutdown";
    struct holdings before, after;
    check(visit_server(with_shutdown) && visit_server(with_shutdown), "load, request, unload");
    visits(20, with_shutdown);
    before = holdings();
    sprintf(what, "%d times: load, use, unload %s", CYCLES, how);
    check(visits(CYCLES, with_shutdown) == CYCLES, what);
    check(threads_come_to(before.threads), "which costs no thread,");
    after = holdings();
    /* The system opens and closes some of its own. */
    check(after.handles - before.handles < CYCLES / 10, "no handle");
#ifndef __SANITIZE_ADDRESS__ /* which keeps what was freed */
    check(after.memory_kb - before.memory_kb < 512, "and no memory");
#endif
    printf("# threads %d, then %d; handles %d, then %d; memory %ld KB, then %ld KB\n", before.threads, after.threads,
           before.handles, after.handles, before.memory_kb, after.memory_kb);
}

static void check_loading(void)
{
    int threads = count_threads();
    check_cycles(1);
    check(threads_come_to(threads), "after av_shutdown no thread is left");
    check_cycles(0);
    check(load_library(options.library), "unloaded without av_shutdown, it can be loaded again");
    api.av_shutdown();
    check(threads_come_to(threads), "and shut down, after which no thread is left");
    unload_library();
}

/* ---- Two copies in one process ---- */

static void check_copies(void)
{
    struct library first, second;
    int round, good = 0;
    check(load_library(options.library) && outcome(api.av_configure(options.settings)) == 0, "one copy is set up");
    first = api;
    check(load_library(options.copy) && outcome(api.av_configure(options.copy_settings)) == 0, "another copy is set up");
    second = api;
    check(first.handle != second.handle && first.av_consulta != second.av_consulta, "they are two");
    for (round = 0; round < 20; round++) {
        api = round % 2 == 0 ? first : second;
        good += is_answered(outcome(api.av_consulta(NULL, KEY)));
    }
    check(good == 20, "both are used by turns");
    first.av_shutdown();
    check(is_answered(outcome(second.av_consulta(NULL, KEY))), "av_shutdown of one leaves the other as it is");
    second.av_shutdown();
}

/* ---- The end of the process in the middle of a call ---- */

static volatile int entered;

static int32_t AV_CALL note_entry(const char *event, void *context)
{
    (void)event;
    (void)context;
    entered = 1;
    return 0;
}

static int32_t AV_CALL end_process(const char *event, void *context)
{
    (void)event;
    (void)context;
    exit(ENDED_ON_THE_WAY);
}

static char *consult(av_progress_fn on_progress)
{
    char request[100];
    sprintf(request, "{\"mod\":\"Consulta\",\"chave\":\"%s\"}", KEY);
    return api.av_execute(request, on_progress, NULL);
}

static void consult_for_ever(void *argument)
{
    (void)argument;
    api.av_free(consult(note_entry));
}

static void end_now(void)
{
#ifdef _WIN32
    ExitProcess(ENDED_ON_THE_WAY);
#else
    _exit(ENDED_ON_THE_WAY);
#endif
}

/* While another thread waits for its answer. */
static int end_on_the_way(void)
{
    struct thread thread;
    if (!load_library(options.library) || outcome(api.av_configure(options.settings)) != 0) return 2;
    start(&thread, consult_for_ever, NULL);
    while (!entered) pause_ms(1);
    pause_ms(200);
    if (strcmp(options.end, "now") == 0) end_now();
    if (strcmp(options.end, "callback") == 0) consult(end_process);
    return ENDED_ON_THE_WAY;
}

/* ---- The program ---- */

static int take_options(int count, char **words)
{
    int i;
    for (i = 1; i + 1 < count; i += 2) {
        const char *value = words[i + 1];
        if (strcmp(words[i], "--lib") == 0) options.library = value;
        else if (strcmp(words[i], "--settings") == 0) options.settings = text_of(value);
        else if (strcmp(words[i], "--copy") == 0) options.copy = value;
        else if (strcmp(words[i], "--copy-settings") == 0) options.copy_settings = text_of(value);
        else if (strcmp(words[i], "--end") == 0) options.end = value;
        else return 0;
    }
    return i == count && options.settings != NULL && (options.copy != NULL) == (options.copy_settings != NULL);
}

int main(int argc, char **argv)
{
    char **words = utf8_arguments(&argc, argv);
    if (!take_options(argc, words)) {
        fputs("Uso: loading --lib CAMINHO --settings JSON|@ARQUIVO [--copy CAMINHO --copy-settings JSON|@ARQUIVO]\n"
              "     loading --lib CAMINHO --settings JSON|@ARQUIVO --end return|now|callback\n", stderr);
        return 2;
    }
    if (options.end != NULL) return end_on_the_way();
    check_loading();
    if (options.copy != NULL) check_copies();
    free(options.settings);
    free(options.copy_settings);
    free_arguments(argc, words);
    return conclude();
}
