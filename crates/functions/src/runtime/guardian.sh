# Ends the processes that are left when the pipe closes, then removes the folder $1. They are those of the process groups
# that the pipe told of, and all whose environment has the mark $2.
# A line of the pipe is "+ GROUP" or "- GROUP".
trap '' INT TERM HUP
groups=' '
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) case $groups in
         *" $group "*) groups="${groups%%" $group "*} ${groups#*" $group "}" ;;
       esac ;;
  esac
done
for group in $groups; do
  kill -s KILL -- "-$group" 2>/dev/null
done
# Whoever was just being started is found the next time.
for pass in 1 2 3 4 5; do
  left=
  for process in /proc/[0-9]*; do
    if grep -qaF "$2" "$process/environ" 2>/dev/null; then
      kill -s KILL "${process#/proc/}" 2>/dev/null && left=yes
    fi
  done
  [ -n "$left" ] || break
done
rm -rf -- "$1"
