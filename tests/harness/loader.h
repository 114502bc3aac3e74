/*
 * How the C programs here reach the library, in two ways from one source:
 *
 *   default            loaded by name at run time, as SIEM does
 *   -DHARNESS_LINKED   linked through the header and the import library, as GA does
 *
 * Either way the functions are called through `api`, whose types are checked against the header when it is linked.
 */
#ifndef LOADER_H
#define LOADER_H

#include "platform.h"

#ifdef _WIN32
#  define LIBRARY_NAME "averbador.dll"
#else
#  define LIBRARY_NAME "libaverbador.so"
#  ifndef HARNESS_LINKED
#    include <dlfcn.h>
#  endif
#endif

#include "averbador.h"

/* Each export: result, name, arguments. */
#define FOR_EACH_EXPORT(EXPORT)                                                                        \
    EXPORT(char *, av_login, (const char *user, const char *pass))                                     \
    EXPORT(char *, av_upload_file, (const char *cookie, const char *path))                             \
    EXPORT(char *, av_consulta, (const char *cookie, const char *chave))                               \
    EXPORT(char *, av_execute, (const char *request, av_progress_fn on_progress, void *context))       \
    EXPORT(char *, av_configure, (const char *settings))                                               \
    EXPORT(char *, av_field, (const char *json, const char *pointer))                                  \
    EXPORT(void, av_free, (char *text))                                                                \
    EXPORT(const char *, av_version, (void))                                                           \
    EXPORT(void, av_shutdown, (void))

/* A copy of the library: where it is in memory (not known of a linked one), and its exports. */
#define MEMBER(result, name, arguments) result(AV_CALL *name) arguments;
struct library {
#ifdef _WIN32
    HMODULE handle;
#else
    void *handle;
#endif
    FOR_EACH_EXPORT(MEMBER)
};

/* The copy in use. */
static struct library api;

#ifdef HARNESS_LINKED

/* `path` must be NULL: the system has loaded the library already. */
static inline int load_library(const char *path)
{
#define TAKE(result, name, arguments) api.name = name;
    FOR_EACH_EXPORT(TAKE)
    if (path == NULL) return 1;
    fputs("Este programa foi ligado à biblioteca: --lib não vale aqui.\n", stderr);
    return 0;
}

static inline void unload_library(void)
{
}

#else

#ifdef _WIN32

static inline int open_library(const char *path)
{
    unsigned long error;
    WCHAR *wide = widened(path);
    api.handle = LoadLibraryW(wide);
    error = GetLastError();
    free(wide);
    if (api.handle != NULL) return 1;
    fprintf(stderr, "A biblioteca %s não foi carregada: erro %lu%s.\n", path, error,
            error == ERROR_BAD_EXE_FORMAT ? ", 32 e 64 bits misturados"
            : error == ERROR_MOD_NOT_FOUND ? ", arquivo não encontrado; indique-o com --lib" : "");
    return 0;
}

static inline void *find_export(const char *name)
{
    FARPROC function = GetProcAddress(api.handle, name);
    void *address;
    memcpy(&address, &function, sizeof address);
    return address;
}

static inline void unload_library(void)
{
    FreeLibrary(api.handle);
}

#else

static inline int open_library(const char *path)
{
    api.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (api.handle != NULL) return 1;
    fprintf(stderr, "A biblioteca não foi carregada: %s. Indique-a com --lib.\n", dlerror());
    return 0;
}

static inline void *find_export(const char *name)
{
    return dlsym(api.handle, name);
}

static inline void unload_library(void)
{
    dlclose(api.handle);
}

#endif

/* The address goes into the function pointer byte by byte: C has no conversion between the two. */
static inline int take_export(void *member, const char *name)
{
    void *address = find_export(name);
    memcpy(member, &address, sizeof address);
    if (address == NULL) fprintf(stderr, "Falta na biblioteca a função %s.\n", name);
    return address != NULL;
}

/* Loads the library at `path` (UTF-8), or by its name. 0 if it cannot be used; stderr says why. */
static inline int load_library(const char *path)
{
    int complete = 1;
    if (!open_library(path != NULL ? path : LIBRARY_NAME)) return 0;
#define TAKE(result, name, arguments) complete &= take_export(&api.name, #name);
    FOR_EACH_EXPORT(TAKE)
    return complete;
}

#endif
#endif
