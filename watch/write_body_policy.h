/* The status of a ResourcePolicy as a merge patch. */
#ifndef WATCH_WRITE_BODY_POLICY_H
#define WATCH_WRITE_BODY_POLICY_H

#include "model/base/buf.h"
#include "model/base/symbol.h"
#include "model/policy_status.h"

/*
 * {"metadata":{"uid":...},"status":{
 *   "observedGeneration":2,"acceptedGeneration":1,"waiting":3,
 *   "summary":{"units":"ecs, eci","pods":"4/4, 2"},
 *   "conditions":[{"type":"Accepted",...},{"type":"Ready",...},{"type":"Overlapping",...}],
 *   "units":[{"name":"ecs","pods":4,"max":"4","maxPods":4,
 *             "resources":[{"name":"cpu","used":"2","limit":"8"}],
 *             "lastRefusal":{"message":"full, 4 of 4 pods","time":"..."}}],
 *   "groups":[{"key":"pod-template-hash=5d9f","pods":[4,2],"waiting":1}],"groupCount":1}}
 * What is not known is null, so that an older value goes away.
 */
void write_body_policy(struct buf *body, const struct symbols *symbols, struct str uid,
                       const struct policy_status *status);

#endif
