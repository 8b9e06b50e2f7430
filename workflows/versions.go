package workflows

// Behaviour versions. A change to the commands that a workflow issues goes
// behind workflow.GetVersion with a change id from this file, both branches
// tested, until the last case started before it has ended.
//
// There is none yet: no release has been made.
