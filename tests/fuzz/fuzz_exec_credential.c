/* fuzz: links watch */
/*
 * What an exec plug-in prints: any bytes are an ExecCredential that holds together, or are refused
 * with a text; nothing is left allocated.
 */
#include <stdint.h>
#include <string.h>

#include "model/base/check.h"
#include "watch/exec_credential.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct exec_credential credential = {0};
    struct err err = {0};
    if (exec_credential_parse((struct str){(const char *)data, size}, EXEC_API_V1, &credential,
                              &err) == 0) {
        CHECK(credential.token.data || credential.cert_pem.data);
        CHECK(!credential.cert_pem.data == !credential.key_pem.data);
        CHECK(!credential.token.data || strlen(credential.token.data) == credential.token.len);
        exec_credential_fini(&credential);
    } else {
        CHECK(err.code > 0 && err.text[0]);
        CHECK(!credential.token.data && !credential.cert_pem.data && !credential.key_pem.data);
    }
    return 0;
}
