//! The communication key CK (seed, step 3): `lower(hex(md5(utf8(access key + linearised XML))))`.

use crate::contract::Secret;

/// The CK of `linear`, the XML exactly as it is sent, under the company's access key.
#[must_use]
pub fn ck(access_key: &Secret, linear: &str) -> String {
    let mut hash = md5::Context::new();
    hash.consume(access_key.expose());
    hash.consume(linear);
    format!("{:x}", hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::ck;
    use crate::contract::Secret;

    #[test]
    fn the_vectors_of_the_facts_page_hold() {
        let key = Secret::from("R8CC40EC614E64108965517G90GDEYB6".to_owned());
        let envio = "<Envio><ModeloDocumento>NFSE</ModeloDocumento><Versao>1.00</Versao></Envio>";
        assert_eq!(ck(&key, envio), "9fca8cadf8028440c7528aa281ae3bcd");
        let consulta = "<Consulta><ModeloDocumento>NFSe</ModeloDocumento><Versao>1.00</Versao><tpAmb>2</tpAmb>\
            <CnpjEmissor>99999999999999</CnpjEmissor><NumeroInicial>1</NumeroInicial><NumeroFinal>1</NumeroFinal>\
            <Serie>1</Serie></Consulta>";
        assert_eq!(ck(&key, consulta), "7c0ee5a7e7a8e6e9cb08d830cf33e4ca");
        assert_eq!(ck(&key, "<a>ç😀</a>").len(), 32);
    }
}
