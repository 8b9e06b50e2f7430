package dispute

import "time"

// Face is what people see of a case at one moment. The workflow computes it;
// the console's row, the chat card, the ticket and the Temporal UI show it.
type Face struct {
	Status   Status    `json:"status"`
	Stage    Stage     `json:"stage"`
	Response Response  `json:"response,omitempty"`
	Next     string    `json:"next"`             // what happens by itself, one sentence
	NextAt   time.Time `json:"next_at,omitzero"` // when; zero when nothing is timed
	Needs    string    `json:"needs,omitempty"`  // why a person is needed
	Queue    string    `json:"queue,omitempty"`
	Assignee string    `json:"assignee,omitempty"`
	CutOff   time.Time `json:"cut_off,omitzero"`
	Deadline time.Time `json:"deadline,omitzero"`
	Strength int       `json:"strength,omitempty"`
	Decided  string    `json:"decided,omitempty"` // the decision and its author, once made
}
