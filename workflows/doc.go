// Package workflows holds the durable processes. Dispute is the life of one
// dispute: record, plan, gather, compose, announce, wait, respond, await the
// verdict, settle.
//
// The code is deterministic: it asks activities for everything that can change
// (rules, configuration, vendors) and keeps their answers in State. What to do
// next is one pure function, next, over State and the workflow's clock.
package workflows
