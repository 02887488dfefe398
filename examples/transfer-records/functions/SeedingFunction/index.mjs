export async function handler() {
    return ["m-1", "m-2", "m-3"].map((id) => ({ MessageId: id, Message: `This is message ${id}` }));
}
