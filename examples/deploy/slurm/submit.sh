#!/bin/bash
# Validates a mirror list on the machines of a Slurm cluster: an array job validates the
# parts of the list, and a second job merges them.
#
#   ./submit.sh list.txt 8 mirror-monday
#
# 8 is the number of parts. The folder mirror-monday must not exist yet, and all
# machines must see it. At the end it has
#
#   merge.log      the summary of all parts
#   failed.txt     the lines that did not pass, if there are any
#   report.html    the report to open in a browser
#   part-3.log     what the task 3 of the array logged
#   r.4-of-8.jsonl its results: tasks are counted from 0, and parts from 1
#
# Slurm gives the environment of this shell to the jobs: mvrun has to be in PATH there
# too, and variables such as DEST_USERNAME and DEST_PASSWORD work.
#
# If a task was killed, the merge refuses to speak for the list. A requeued task goes on
# where it ended, and another merge waits for it. This script prints the job's number,
# here 17:
#
#   scontrol requeue 17_3      # Slurm starts it after two minutes
#   sbatch --dependency=afterany:17 --output=mirror-monday/merge.log merge.sbatch mirror-monday
#
# Do not submit a task alone with --array=3: this is an array of one task, which
# would validate the whole list.
set -euo pipefail

if [ $# != 3 ]; then
  echo "Usage: $0 LIST PARTS FOLDER" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
list=$(realpath "$1")
parts=$2
folder=$3

# A folder of its own keeps the results of another run out of this one: a task goes on
# from the results that it finds.
mkdir "$folder"
folder=$(realpath "$folder")

array=$(sbatch --parsable --array="0-$((parts - 1))" --output="$folder/part-%a.log" \
  "$here/validate.sbatch" "$list" "$folder")
array=${array%%;*} # several clusters add their name: 17;north

# Not afterok: a part in which an image failed ends with 1, and is merged like the others.
merge=$(sbatch --parsable --dependency="afterany:$array" --output="$folder/merge.log" \
  "$here/merge.sbatch" "$folder")

echo "The job $array validates $parts parts, and the job ${merge%%;*} merges them into $folder."
