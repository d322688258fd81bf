/*
 * What keys and values of labels and annotations may look like (apimachinery's IsQualifiedName and
 * IsValidLabelValue). A Binding carries them to the pod past the apiserver's own check; a pod with
 * one that is not valid could never be edited again.
 */
#ifndef POLICY_PAIR_TEXT_H
#define POLICY_PAIR_TEXT_H

#include <stdbool.h>

#include "model/base/str.h"

/* A name of at most 63 letters, digits, '-', '_' and '.', a letter or digit at both ends; before it
 * a DNS name and '/' if any. */
bool pair_key_is_valid(struct str key);

/* As the name of a key, or empty. */
bool label_value_is_valid(struct str value);

#endif
