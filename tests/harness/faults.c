/*
 * Does on purpose what the sanitizers must report: the check that they are on, and watch the library's memory.
 *
 *   faults [--lib PATH] leak|use-after-free|overflow
 */
#include "loader.h"

/* Replies that nobody frees. */
static void leak(void)
{
    int i;
    for (i = 0; i < 10; i++) api.av_field("[1]", "/0");
}

/* A reply that is read after it was freed. */
static void use_after_free(void)
{
    char *reply = api.av_field("[1]", "/0");
    api.av_free(reply);
    puts(reply);
}

/* A text without its NUL. */
static void overflow(void)
{
    char *text = allocated(1);
    *text = '1';
    api.av_free(api.av_field(text, ""));
    free(text);
}

int main(int argc, char **argv)
{
    const char *fault = argv[argc - 1];
    if (!load_library(argc == 4 && strcmp(argv[1], "--lib") == 0 ? argv[2] : NULL)) return 0;
    if (strcmp(fault, "leak") == 0) leak();
    if (strcmp(fault, "use-after-free") == 0) use_after_free();
    if (strcmp(fault, "overflow") == 0) overflow();
    api.av_shutdown();
    unload_library();
    return 0;
}
