package quickbooks

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"
)

// token changes a refresh token into an access token and a new refresh token.
// The replaced one lasts a day more, as Intuit's does; the stand-in replaces it
// every time, so that nobody relies on its staying the same.
func (q *QuickBooks) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	goodID := subtle.ConstantTimeCompare([]byte(id), []byte(q.clientID))
	goodSecret := subtle.ConstantTimeCompare([]byte(secret), []byte(q.clientSecret))
	if goodID&goodSecret != 1 {
		writeJSON(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	}
	if r.FormValue("grant_type") != "refresh_token" {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": "unsupported_grant_type"})
		return
	}
	given := r.FormValue("refresh_token")
	if end, known := q.refresh[given]; !known || !q.now().Before(end) {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant", "error_description": "Token invalid"})
		return
	}
	q.issued++
	access, refresh := fmt.Sprintf("access-%04d", q.issued), fmt.Sprintf("refresh-%04d", q.issued)
	now := q.now()
	if last := now.Add(grace); q.refresh[given].After(last) {
		q.refresh[given] = last
	}
	q.access[access], q.refresh[refresh], q.current = now.Add(accessLife), now.Add(refreshLife), refresh
	writeJSON(w, http.StatusOK, map[string]any{
		"token_type": "bearer", "access_token": access, "expires_in": int(accessLife.Seconds()),
		"refresh_token": refresh, "x_refresh_token_expires_in": int(refreshLife.Seconds()),
	})
}

// EndGrace refuses every refresh token but the newest, as Intuit does a day
// after it was replaced.
func (q *QuickBooks) EndGrace() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for token := range q.refresh {
		if token != q.current {
			delete(q.refresh, token)
		}
	}
}

// authorised lets a call through that carries a live access token for this
// company.
func (q *QuickBooks) authorised(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		given, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		end, known := q.access[given]
		if !isBearer || !known || !q.now().Before(end) || r.PathValue("realm") != q.realm {
			writeJSON(w, http.StatusUnauthorized, map[string]any{"fault": map[string]any{
				"type":  "AUTHENTICATION",
				"error": []any{map[string]any{"code": "3200", "message": "message=AuthenticationFailed; errorCode=003200; statusCode=401", "detail": "Token expired or unknown"}},
			}})
			return
		}
		next(w, r)
	}
}
