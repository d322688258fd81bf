/* fuzz: links watch, max_len 8192 */
/*
 * Kubeconfigs, and the YAML below them. Whatever is taken holds together (CA and insecure exclude
 * each other, key and certificate come in pairs, paths are absolute when the file's is); whatever
 * is refused has a text. What YAML yields is printed as JSON, which is YAML too, and must read back
 * as the same.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/check.h"
#include "watch/kubeconfig.h"
#include "watch/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_yaml(struct str text)
{
    struct err err = {0};
    json_t *root = yaml_to_json(text, &err);
    if (!root) {
        CHECK(err.code > 0 && err.text[0]);
        return;
    }
    /* Printed JSON is longer than the text at most by escapes; a control character such as U+007F
     * or U+FFFE is fine in JSON but not raw in YAML, hence ENSURE_ASCII. That writes characters
     * beyond U+FFFF as surrogate pairs, which YAML does not know: such texts are left out. */
    char *json = json_dumps(root, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    CHECK(json != NULL);
    bool is_comparable = !strstr(json, "\\uD") && !strstr(json, "\\ud") && !strchr(json, 0x7f) &&
                         strlen(json) < YAML_BYTES_MAX;
    if (is_comparable) {
        json_t *again = yaml_to_json(str_from(json), &err);
        /* libyaml takes no simple key over 1024 characters, and wants "a": b on one line. */
        if (again)
            CHECK(json_equal(root, again));
        json_decref(again);
    }
    free(json);
    json_decref(root);
}

static void check_config(const struct kubeconfig *config)
{
    CHECK(config->server && config->cluster && config->user);
    CHECK(!(config->is_insecure && (config->ca_file || config->ca_data.data)));
    CHECK((config->cert_file || config->cert_data.data) ==
          (config->key_file || config->key_data.data));
    CHECK(!config->ca_file || config->ca_file[0] == '/');
    CHECK(!config->token_file || config->token_file[0] == '/');
    CHECK(!config->exec.command || config->exec.api_version);
    CHECK(!config->exec.command || !strchr(config->exec.command, '/') ||
          config->exec.command[0] == '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    check_yaml(text);

    struct kubeconfig config = {0};
    struct err err = {0};
    if (kubeconfig_parse(text, "/dir/config", NULL, &config, &err) == 0)
        check_config(&config);
    else
        CHECK(err.code > 0 && err.text[0]);
    kubeconfig_fini(&config);
    return 0;
}
