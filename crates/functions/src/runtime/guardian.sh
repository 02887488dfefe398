# Ends the process groups that are left when the pipe closes, then removes the folder $1.
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
rm -rf -- "$1"
