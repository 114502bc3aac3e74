/*
 * What a call costs that goes nowhere: av_field on a reply, and an av_execute that is refused.
 *
 *   field LIBRARY
 *   {"field_ns":210.0,"execute_ns":900.0}
 */
#include "host.h"

enum { TIMES = 200000 };

static const char REPLY[] = "{\"mod\":\"averbaRet\",\"status\":1,\"cnpj\":\"99990001000198\",\"numero\":\"4711\","
                            "\"chave\":\"41260599990001000198570010000047111283746517\","
                            "\"protoclo\":\"0588600010001985700100000471112837465172\","
                            "\"protocolo\":\"0588600010001985700100000471112837465172\"}";

static double nanoseconds_each(double begin)
{
    return (now() - begin) * 1e9 / TIMES;
}

int main(int argc, char **argv)
{
    double begin, field, execute;
    int i;
    expect(argc == 2 && load_library(argv[1]), "library", argv[argc - 1]);
    begin = now();
    for (i = 0; i < TIMES; i++) api.av_free(api.av_field(REPLY, "/protocolo"));
    field = nanoseconds_each(begin);
    begin = now();
    for (i = 0; i < TIMES; i++) api.av_free(api.av_execute("{\"mod\":\"Consulta\",\"chave\":\"\"}", NULL, NULL));
    execute = nanoseconds_each(begin);
    printf("{\"field_ns\":%.1f,\"execute_ns\":%.1f}\n", field, execute);
    api.av_shutdown();
    return 0;
}
