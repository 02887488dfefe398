exports.iterator = function iterator(event, context, callback) {
    const { count, step } = event.iterator;
    const index = event.iterator.index + step;
    callback(null, { index, step, count, continue: index < count });
};
