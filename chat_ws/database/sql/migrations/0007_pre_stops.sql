-- A run that another replica runs is asked to stop.

ALTER TABLE runs ADD COLUMN stop_requested boolean NOT NULL DEFAULT false;
