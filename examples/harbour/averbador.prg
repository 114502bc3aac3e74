/*
 * O averbador em Harbour 3. Nao testado por nos: veja examples/LEIAME.md.
 *
 *   AvConfigurar( cAjustes )            -> cResposta
 *   AvLogin( cUsuario, cSenha )         -> cResposta
 *   AvConsultar( cCookie, cChave )      -> cResposta
 *   AvExecutar( cPedido [, bEtapa] )    -> cResposta; Eval( bEtapa, cEvento ) devolve .T. para parar
 *   AvCampo( cJson, cPonteiro )         -> cTexto, "" se nao ha
 *   AvVersao()                          -> cVersao
 *   AvEncerrar()                        -> NIL, no fim do programa
 *
 * Em C, e nao com hb_DynCall, para que o texto devolvido possa voltar a av_free. O cabecalho diz ao compilador que tudo e
 * cdecl. Os textos passam de e para UTF-8 pela pagina de codigo do programa (hb_cdpSelect).
 */

#pragma BEGINDUMP

#include "hbapi.h"
#include "hbapiitm.h"
#include "hbapistr.h"
#include "hbvm.h"

#include "averbador.h"

/* Devolve o texto ao programa, e o que a biblioteca alocou, a ela. */
static void av_retorna( char * texto )
{
   hb_retstr_utf8( texto ); /* NULL vira "" */
   av_free( texto );
}

/* O que a biblioteca chama a cada etapa, na thread que chamou AvExecutar. Um BREAK ou QUIT dentro do bloco faz a chamada
 * parar, e so tem efeito depois que ela volta: nada atravessa a biblioteca. */
static int32_t AV_CALL av_etapa( const char * evento, void * bloco )
{
   int32_t resultado = 1;

   if( hb_vmRequestReenter() )
   {
      PHB_ITEM texto = hb_itemPutStrUTF8( NULL, evento );
      PHB_ITEM parar = hb_itemDo( ( PHB_ITEM ) bloco, 1, texto );

      resultado = hb_itemGetL( parar ) || hb_vmRequestQuery() != 0;
      hb_itemRelease( parar );
      hb_itemRelease( texto );
      hb_vmRequestRestore();
   }
   return resultado;
}

/* As que levam dois textos. */
static void av_dois( char * ( AV_CALL * funcao )( const char *, const char * ) )
{
   void * h1, * h2;
   char * texto = funcao( hb_parstr_utf8( 1, &h1, NULL ), hb_parstr_utf8( 2, &h2, NULL ) );

   hb_strfree( h1 );
   hb_strfree( h2 );
   av_retorna( texto );
}

HB_FUNC( AVLOGIN )
{
   av_dois( av_login );
}

HB_FUNC( AVCONSULTAR )
{
   av_dois( av_consulta );
}

HB_FUNC( AVCAMPO )
{
   av_dois( av_field );
}

HB_FUNC( AVEXECUTAR )
{
   void * h;
   PHB_ITEM bloco = hb_param( 2, HB_IT_EVALITEM );
   char * texto = av_execute( hb_parstr_utf8( 1, &h, NULL ), bloco ? av_etapa : NULL, bloco );

   hb_strfree( h );
   av_retorna( texto );
}

HB_FUNC( AVCONFIGURAR )
{
   void * h;
   char * texto = av_configure( hb_parstr_utf8( 1, &h, NULL ) );

   hb_strfree( h );
   av_retorna( texto );
}

HB_FUNC( AVVERSAO )
{
   hb_retstr_utf8( av_version() );
}

HB_FUNC( AVENCERRAR )
{
   av_shutdown();
}

#pragma ENDDUMP
