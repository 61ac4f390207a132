"""What a validation is unless it is asked for otherwise; help needs it, and nothing heavy."""

#: structures drawn at random, and met along the search
RANDOM, ALONG = 17, 4
#: seconds that a proof of the best structure may take
PROOF = 60.0
#: trainings of each structure, and the steps and images of a step of one
SEEDS, STEPS, BATCH = 3, 1500, 16
#: channels of pyramid and head, and depth of the head's towers: a detector that leaves most of
#: the work to the backbone
CHANNELS, DEPTH = 64, 1
