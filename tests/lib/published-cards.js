/* published-cards.js SCHEMAS: reads messages for Teams from standard input, one
 * a line, and prints "NUMBER: what is wrong" with their cards, as the package of
 * Adaptive Cards sees it. That passes over members that it does not know, or
 * that are newer than the card says, so these are looked for in its schema. */
"use strict";

const fs = require("fs");
const path = require("path");
const parser = path.join(process.argv[2], "node_modules", "adaptivecards",
    "dist", "adaptivecards.js");
const ac = require(path.resolve(parser));

const TEAMS = new Set(["msteams"]); /* what Teams adds to a card */
const KINDS = { StringProperty: "string", BoolProperty: "boolean" };

function* membersOf(object, json, version, where) {
    const known = new Map();
    const schema = object.getSchema();

    for (let i = 0; i < schema.getCount(); i++)
        known.set(schema.getItemAt(i).name, schema.getItemAt(i));
    for (const [name, value] of Object.entries(json)) {
        const property = known.get(name);
        const kind = property && KINDS[property.constructor.name];

        if (where === "card" && TEAMS.has(name))
            continue;
        if (!property && !childrenOf(object).has(name))
            yield `${where} has ${name}`;
        else if (property && property.targetVersion.compareTo(version) > 0)
            yield `${where}: ${name} is of ${property.targetVersion}`;
        else if (kind && typeof value !== kind)
            yield `${where}: ${name} is no ${kind}`;
    }
}

/* The members that hold further objects: name -> these, parsed. */
function childrenOf(object) {
    const children = new Map();

    if (object instanceof ac.AdaptiveCard) {
        children.set("body", Array.from({ length: object.getItemCount() },
            (_, i) => object.getItemAt(i)));
        children.set("actions", Array.from({ length: object.getActionCount() },
            (_, i) => object.getActionAt(i)));
    } else if (object instanceof ac.FactSet) {
        children.set("facts", object.facts);
    }
    return children;
}

function* walk(object, json, version, where) {
    yield* membersOf(object, json, version, where);
    for (const [name, parsed] of childrenOf(object)) {
        const given = json[name] || [];

        if (!Array.isArray(given) || given.length !== parsed.length)
            yield `${where}: ${name} is not what was understood`;
        else
            for (let i = 0; i < given.length; i++)
                yield* walk(parsed[i], given[i], version,
                    `${where}/${name}/${i}`);
    }
}

function* problemsOf(json) {
    const card = new ac.AdaptiveCard();
    const version = ac.Version.parse(json.version, new ac.SerializationContext());
    const context = new ac.SerializationContext(version);

    card.parse(json, context);
    for (let i = 0; i < context.eventCount; i++)
        yield context.getEventAt(i).message;
    for (const event of card.validateProperties().validationEvents)
        yield event.message;
    yield* walk(card, json, version, "card");
}

fs.readFileSync(0, "utf8").trimEnd().split("\n").forEach((line, number) => {
    if (line)
        for (const attachment of JSON.parse(line).attachments)
            for (const problem of problemsOf(attachment.content))
                console.log(`${number}: ${problem}`);
});
