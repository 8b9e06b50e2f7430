package store

import (
	"fmt"
	"strconv"
	"strings"
)

// where collects the conditions of a list and their values.
type where struct {
	conditions []string
	args       []any
}

// add takes a condition in which each %s stands for one of the values.
func (w *where) add(condition string, values ...any) {
	places := make([]any, len(values))
	for i, v := range values {
		w.args = append(w.args, v)
		places[i] = "$" + strconv.Itoa(len(w.args))
	}
	w.conditions = append(w.conditions, fmt.Sprintf(condition, places...))
}

// equal adds a condition unless the value is empty.
func (w *where) equal(column, value string) {
	if value != "" {
		w.add(column+" = %s", value)
	}
}

// flag adds a condition when it is wanted.
func (w *where) flag(condition string, wanted bool) {
	if wanted {
		w.conditions = append(w.conditions, condition)
	}
}

func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

const (
	defaultPage = 50
	maxPage     = 500
)

func pageSize(limit int) int {
	if limit <= 0 {
		return defaultPage
	}
	return min(limit, maxPage)
}
