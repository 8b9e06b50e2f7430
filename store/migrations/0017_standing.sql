-- +goose Up
-- Few cases of many wait for a person. A sample of the usual size holds so few of
-- them that now and then the planner takes them for one or two, and sorts them all
-- for each page instead of reading the first fifty in their order.
ALTER STATISTICS cases_standing SET STATISTICS 300;
