/*
 * Como o GA, um programa em C, averba: um CT-e, e depois uma pasta inteira. Os trechos marcados estão no guia
 * (docs/integracao.md), e os testes compilam e rodam este programa.
 *
 *   ga AJUSTES USUARIO SENHA XML PASTA
 *
 * AJUSTES é o texto JSON para av_configure; "{}" são os normais.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "averbador.h"

/* guia: campo */
/* Copia para `para` um campo da resposta, ou "" se ela não o tem. */
static const char *campo(const char *resposta, const char *ponteiro, char *para, size_t tamanho)
{
    char *valor = av_field(resposta, ponteiro);
    snprintf(para, tamanho, "%s", valor != NULL ? valor : "");
    av_free(valor); /* av_free(NULL) não faz nada */
    return para;
}
/* guia: fim */

/* Um texto entre aspas de JSON: escapa aspas, barras e controles, que há em caminhos e senhas. A liberar com free. */
static char *texto_json(const char *texto)
{
    char *json = malloc(6 * strlen(texto) + 3), *fim = json;
    *fim++ = '"';
    for (; *texto != 0; texto++) {
        unsigned char c = (unsigned char)*texto;
        if (c < 0x20) {
            fim += sprintf(fim, "\\u%04x", c);
        } else {
            if (c == '"' || c == '\\') *fim++ = '\\';
            *fim++ = *texto;
        }
    }
    *fim++ = '"';
    *fim = 0;
    return json;
}

/* O pedido de averbar o que está em `caminho`. A liberar com free. */
static char *pedido(const char *usuario, const char *senha, const char *caminho)
{
    static const char FORMA[] = "{\"mod\":\"Averba\",\"user\":%s,\"pass\":%s,\"cte\":%s}";
    char *u = texto_json(usuario), *s = texto_json(senha), *c = texto_json(caminho);
    char *json = malloc(sizeof FORMA + strlen(u) + strlen(s) + strlen(c));
    sprintf(json, FORMA, u, s, c);
    free(u);
    free(s);
    free(c);
    return json;
}

/* guia: etapa */
/* Chamada a cada etapa, na thread que chamou av_execute. Diferente de 0: parar assim que for seguro. */
static int32_t AV_CALL etapa(const char *evento, void *contexto)
{
    char msg[200], n[20], total[20];
    const int *desistir = contexto;
    campo(evento, "/msg", msg, sizeof msg);
    campo(evento, "/n", n, sizeof n);
    campo(evento, "/total", total, sizeof total);
    printf("%s/%s %s\n", n, total, msg);
    return *desistir;
}
/* guia: fim */

/* guia: um */
/* Averba um CT-e. 1 se ele está averbado: então `protocolo` é o número que vai no MDF-e. */
static int averbar(const char *pedido_json, char protocolo[61])
{
    int desistir = 0, averbado;
    char status[8], msg[400], incerto[8];
    char *resposta = av_execute(pedido_json, etapa, &desistir); /* nunca NULL */

    averbado = strcmp(campo(resposta, "/status", status, sizeof status), "1") == 0;
    if (averbado) {
        campo(resposta, "/protocolo", protocolo, 61);
    } else {
        printf("Não averbado: %s\n", campo(resposta, "/error/0/msg", msg, sizeof msg));
        if (strcmp(campo(resposta, "/error/0/incerto", incerto, sizeof incerto), "true") == 0) {
            printf("Pode ter chegado: averbe de novo mais tarde, e nada será enviado duas vezes.\n");
        }
    }
    av_free(resposta);
    return averbado;
}
/* guia: fim */

/* guia: muitos */
/* Averba todos os XML de uma pasta, e mostra o que foi de cada um. */
static int averbar_pasta(const char *pedido_json)
{
    char *resposta = av_execute(pedido_json, NULL, NULL);
    char ponteiro[40], total[20], arquivo[400], situacao[20], protocolo[61], status[8];
    int i, quantos = atoi(campo(resposta, "/resumo/total", total, sizeof total));

    for (i = 0; i < quantos; i++) {
        char *entrada;
        sprintf(ponteiro, "/S/%d", i);
        entrada = av_field(resposta, ponteiro); /* uma entrada, também em JSON */
        printf("%s: %s %s\n", campo(entrada, "/arquivo", arquivo, sizeof arquivo),
               campo(entrada, "/situacao", situacao, sizeof situacao),
               campo(entrada, "/protocolo", protocolo, sizeof protocolo));
        av_free(entrada);
    }
    i = strcmp(campo(resposta, "/status", status, sizeof status), "1") == 0;
    av_free(resposta);
    return i;
}
/* guia: fim */

int main(int argc, char **argv)
{
    char protocolo[61] = "";
    char *um, *muitos, *configurado;
    int sucesso;
    if (argc != 6) {
        fputs("Uso: ga AJUSTES USUARIO SENHA XML PASTA\n", stderr);
        return 2;
    }
    configurado = av_configure(argv[1]);
    av_free(configurado);
    um = pedido(argv[2], argv[3], argv[4]);
    muitos = pedido(argv[2], argv[3], argv[5]);
    sucesso = averbar(um, protocolo);
    printf("Protocolo: %s\n", protocolo);
    sucesso = averbar_pasta(muitos) && sucesso;
    free(um);
    free(muitos);
    av_shutdown();
    return sucesso ? 0 : 1;
}
