package salesforce

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Task is a task that was added.
type Task struct {
	ID, Who, Subject, Description string
}

// Tasks lists the tasks that were added, oldest first.
func (o *Org) Tasks() []Task {
	var out []Task
	for _, t := range o.added() {
		out = append(out, Task{ID: text(t["Id"]), Who: text(t["WhoId"]), Subject: text(t["Subject"]), Description: text(t["Description"])})
	}
	return out
}

// Written are the fields of a contact that were written, by its e-mail address.
func (o *Org) Written(email string) map[string]any {
	for _, c := range o.world.Customers() {
		if c.Email == email {
			o.mu.Lock()
			defer o.mu.Unlock()
			return maps.Clone(o.written[contactID(c)])
		}
	}
	return nil
}

func (o *Org) added() []object {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.tasks)
}

func (o *Org) current(contact object) object {
	o.mu.Lock()
	defer o.mu.Unlock()
	maps.Copy(contact, o.written[text(contact["Id"])])
	return contact
}

// taskFields are those of a task that the org knows.
var taskFields = []string{"Subject", "Description", "Status", "Priority", "ActivityDate", "WhoId"}

func (o *Org) addTask(fields object) (status int, body any) {
	for f := range fields {
		if !slices.Contains(taskFields, f) {
			return http.StatusBadRequest, fault("INVALID_FIELD", "No such column '"+f+"' on sobject of type Task")
		}
	}
	if len(text(fields["Subject"])) > 255 {
		return http.StatusBadRequest, fault("STRING_TOO_LONG", "Subject: data value too large")
	}
	now := o.world.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	t := object{"TaskSubtype": "Task", "CompletedDateTime": stamp(now), "CreatedDate": stamp(now), "at": now, "WhoId": nil}
	maps.Copy(t, fields)
	made := id("00T", 900000+len(o.tasks))
	t["Id"] = made
	o.tasks = append(o.tasks, t)
	return http.StatusCreated, object{"id": made, "success": true, "errors": []object{}}
}

// write changes a contact. Custom fields are all known.
func (o *Org) write(contact string, fields object) (status int, body any) {
	for f := range fields {
		if !strings.HasSuffix(f, "__c") {
			return http.StatusBadRequest, fault("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: "+f)
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.written[contact] == nil {
		o.written[contact] = object{}
	}
	maps.Copy(o.written[contact], fields)
	return http.StatusNoContent, nil
}
