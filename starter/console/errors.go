package console

import (
	"errors"
	"net/http"
	"strings"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// problem is what an error page says: what happened, what it means, what to do.
type problem struct {
	Status int
	Title  string
	Means  string
	Do     string
	// Reason is the error's own words, where they help.
	Reason string
	// CaseID leads back to the case; Again repeats a decision whose fate is not
	// known; Login offers the login.
	CaseID string
	Draft  string // leads back to the draft of the rules
	Rules  bool   // leads back to the rules
	Again  *action
	Login  bool
}

var (
	sessionEnded = problem{
		Status: http.StatusUnauthorized, Title: "Your session has ended",
		Means: "Nothing was done.", Do: "Log in in another tab, then go back here and send the form again: it keeps what you typed.", Login: true,
	}
	otherSite = problem{
		Status: http.StatusForbidden, Title: "This form came from another site",
		Means: "Nothing was done. Rebuttal takes forms from its own pages only.",
		Do:    "Open the page here and try again. If you did, the proxy in front of Rebuttal has to pass the Host header on.",
	}
	unreachable = problem{
		Status: http.StatusServiceUnavailable, Title: "Rebuttal cannot reach its database, its files or Temporal",
		Means: "What is armed goes on by itself: deadlines are kept by Temporal, and notices wait in the database.",
		Do:    "Try again in a minute. If it stays, /readyz says what is missing.",
	}
	broken = problem{
		Status: http.StatusInternalServerError, Title: "This page could not be drawn",
		Means: "It is a fault of Rebuttal's, and nothing was changed.", Do: "The log of the starter names it; please report it.",
	}
)

// problemOf explains an error by its kind.
func problemOf(err error) problem {
	var ours *dispute.Error
	if !errors.As(err, &ours) {
		return broken
	}
	p := problem{Reason: reason(err)}
	switch dispute.KindOf(err) {
	case dispute.NotFound:
		p.Status, p.Title, p.Reason = http.StatusNotFound, "Nothing is here under this address", ""
		p.Means = "No case, file or record has the id in the address, or it is misspelt."
		p.Do = "Look for the case by any of its ids, the customer or the order."
	case dispute.Auth:
		if !desk.Forbidden(err) {
			return unreachable
		}
		p.Status, p.Title = http.StatusForbidden, "You may not do this"
		p.Means, p.Do = "Nothing was done.", "Ask an administrator for a token whose role has this right."
	case dispute.Conflict, dispute.TooLate:
		p.Status, p.Title = http.StatusConflict, "The case did not take this"
		p.Means, p.Do = "Nothing was changed: the case has moved on, or the decision does not fit where it stands.", "Look at how the case stands now and decide again."
	case dispute.Invalid:
		p.Status, p.Title = http.StatusBadRequest, "This cannot be taken as it is"
		p.Means, p.Do = "Nothing was changed.", "Go back, correct it and send it again."
	case dispute.Unsupported:
		p.Status, p.Title = http.StatusNotImplemented, "This connection cannot do that"
		p.Means, p.Do = "Nothing was changed.", "Do it by hand at the provider."
	case dispute.RateLimited, dispute.Transient, dispute.UnknownOutcome:
		return unreachable
	default:
		return broken
	}
	return p
}

// ofRules words a problem for the pages of the policy.
func (p problem) ofRules() problem {
	p.Rules = true
	switch p.Status {
	case http.StatusNotFound:
		p.Means, p.Do = "No draft, version or rule has the name in the address.", "Look for it among the rules, the drafts and the history."
	case http.StatusConflict:
		p.Title = "The rules did not take this"
		p.Means, p.Do = "Nothing was changed.", "Look at how the draft stands now and try again."
	}
	return p
}

// reason is an error in its own words, without the operation.
func reason(err error) string {
	var ours *dispute.Error
	if errors.As(err, &ours) && ours.Err != nil {
		return ours.Err.Error()
	}
	return ""
}

var errorTemplate = pageTemplate("error")

// fail shows an error page. Only what is not the visitor's doing is logged.
func (c *Console) fail(v *visit, p problem, err error) {
	if p.Status >= http.StatusInternalServerError {
		c.desk.Log.Error("console", "path", v.FullPath(), "status", p.Status, "kind", dispute.KindOf(err), "error", err)
	}
	if p.CaseID == "" && p.Status != http.StatusNotFound && strings.HasPrefix(v.FullPath(), "/cases/") {
		p.CaseID = v.Param("id")
	}
	if strings.HasPrefix(v.FullPath(), "/rules") {
		p = p.ofRules()
		if id := v.Param("id"); id != "" && p.Status != http.StatusNotFound {
			p.Draft = id
		}
	}
	c.render(v, p.Status, page{Template: errorTemplate, Title: p.Title, Body: p})
}
