/*
 * Libraries that a program must refuse: one of version 0 and, with -DHALF, one without most of the functions.
 */
#define AV_STATIC
#include "averbador.h"

#include <stddef.h>

const char *AV_CALL av_version(void) { return "0.9.0"; }
void AV_CALL av_free(char *text) { (void)text; }
void AV_CALL av_shutdown(void) { }

#ifndef HALF
char *AV_CALL av_login(const char *user, const char *pass) { (void)user; (void)pass; return NULL; }
char *AV_CALL av_upload_file(const char *cookie, const char *path) { (void)cookie; (void)path; return NULL; }
char *AV_CALL av_consulta(const char *cookie, const char *chave) { (void)cookie; (void)chave; return NULL; }
char *AV_CALL av_configure(const char *settings_json) { (void)settings_json; return NULL; }
char *AV_CALL av_field(const char *json, const char *pointer) { (void)json; (void)pointer; return NULL; }
char *AV_CALL av_execute(const char *request_json, av_progress_fn on_progress, void *context)
{
    (void)request_json; (void)on_progress; (void)context;
    return NULL;
}
#endif
