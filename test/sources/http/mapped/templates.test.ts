/** Mapping templates as tables: what a template makes of a request, and where it is stopped. */
import { Script } from "node:vm";
import { templateVariables, type TemplateInput } from "../../../../src/sources/http/mapped/template-variables.js";
import { TemplateFault } from "../../../../src/sources/http/vtl/bounds.js";
import { evaluate } from "../../../../src/sources/http/vtl/evaluate.js";

const INPUT: TemplateInput = {
  body: JSON.stringify({
    name: "Ann",
    age: 41,
    tags: ["a", "b"],
    at: { city: "Bern" },
    "quo-te": 'say "hi"',
    none: null,
  }),
  parameters: { path: { id: "7", both: "path" }, querystring: { q: "1 2", both: "query" }, header: { "X-Who": "me" } },
  stageVariables: { color: "blue" },
  context: { requestId: "r-1", identity: { sourceIp: "127.0.0.1", user: null }, authorizer: { principalId: "ann" } },
};

const rendered = (template: string, input: Partial<TemplateInput> = {}): Promise<string> =>
  evaluate(template, templateVariables({ ...INPUT, ...input }, "requestOverride").variables);

test.each([
  ["plain text", "plain text"],
  ["$input.body", INPUT.body],
  ["$input.json('$')", INPUT.body],
  ["$input.json('$.name') $input.json(\"$.tags\")", '"Ann" ["a","b"]'],
  ["$input.json('$.missing')|$input.path('$.missing')|$input.path('$').missing", '""||'],
  [
    "$input.path('$.at') $input.path('$.tags') $input.path('$.at').city $input.path('$').tags[1]",
    '{city=Bern} ["a","b"] Bern b',
  ],
  ["$input.json(\"$['quo-te']\")|$input.path('$.tags').size()", '"say \\"hi\\""|2'],
  [
    "$input.params('id') $input.params('both') $input.params('q') $input.params('x-who')$input.params('no')",
    "7 path 1 2 me",
  ],
  ["$input.params().querystring.get('q') $input.params().header.X-Who $input.params().path['id']", "1 2 me 7"],
  [
    "$context.requestId $context.identity.sourceIp [$context.identity.user] $context.authorizer.principalId",
    "r-1 127.0.0.1 [] ann",
  ],
  [
    "$stageVariables.color ${stageVariables.color} $stageVariables['color'] $stageVariables.get('color')",
    "blue blue blue blue",
  ],
  ['$util.escapeJavaScript("it\'s \u00e9")', "it\\'s \\u00E9"],
  ["$util.escapeJavaScript($input.json('$.at')).replaceAll(\"\\\\'\",\"'\")", '{\\"city\\":\\"Bern\\"}'],
  ["$util.urlEncode('a b&c~*') $util.urlDecode('a+b%26')", "a+b%26c%7E* a b&"],
  ["$util.base64Encode('hi') $util.base64Decode('aGk=')", "aGk= hi"],
  ['$util.parseJson(\'{"a":[1,{"b":2}]}\').a[1].b', "2"],
  ["#set($a = 1)#set($b = $a + 2 * 3)$b #set($c = 7 / 2)$c #set($d = -7 % 4)$d", "7 3 -3"],
  ["#set($s = \"id-$input.params('id')\")$s #set($t = 'id-$x')$t", "id-7 id-$x"],
  ["#if($input.params('q') == '1 2')yes#{else}no#end", "yes"],
  ["#if(!$context.none && ($input.path('$.age') > 40 || false))yes#elseif(true)no#end", "yes"],
  ["#if($input.path('$.none') == $null)null#end#if('')x#end#if([])y#end", "null"],
  ["#foreach($t in $input.path('$.tags'))$foreach.index:$t#if($foreach.hasNext),#end#end", "0:a,1:b"],
  ["#foreach($k in $input.params().path.keySet())$k=$input.params().path.get($k);#end", "id=7;both=path;"],
  ["#foreach($e in $input.path('$.at').entrySet())$e.key=$e.getValue()#end", "city=Bern"],
  [
    "#foreach($i in [1..3])#foreach($j in [1..2])$i$j#if($foreach.count == 1)-#end#end#if($i == 2)#break#end #end",
    "11-12 21-22",
  ],
  [
    "#define($loop){#foreach($k in $map.keySet())$k#end}#end#set($map = {'a': 1})$loop#set($map = {'b': 1})$loop",
    "{a}{b}",
  ],
  ["#macro(twice $x)$x$x#end#twice('ab')#twice($input.params('id'))", "abab77"],
  ["#set($m = {})#set($m.a = 1)#set($m['b'] = [2, 'c'])$m $m.size() $!m.put('a', 5) $m.a", "{a=1, b=[2, c]} 2 1 5"],
  ["#set($l = [])$l.add('x')#set($ok = $l.add('y'))$l $l.contains('y')", "true[x, y] true"],
  ["#set($Integer = 0)#set($n = $Integer.parseInt('41') + 1)$n", "42"],
  [
    "#set($s = 'a,b,,')$s.split(',').size() $s.replaceAll('([a-z]),', '$1;') $s.replace(',', '') $s.matches('a.*')",
    "2 a;b;, ab true",
  ],
  [
    "#set($p = 'a,b')$p.split(',').get(1) $p.substring(0,1) $p.length() $p.toUpperCase() $p.contains(',')",
    "b a 3 A,B true",
  ],
  [
    "#set($s = 'One\nTwo')$s.matches('(?is)one.*two') $s.matches('(?m)^One$') $s.replaceAll('(?i)o', '0')",
    "true false 0ne\nTw0",
  ],
  ["## a comment\nx#* and another *#y", "xy"],
  ["\\$x costs $5.00 #hash #[[raw $x #if]]#", "$x costs $5.00 #hash raw $x #if"],
  ["[$nothing]$!{nothing}[$nothing.at.all()]", "[][]"],
])("%j gives %j", async (template, expected) => {
  expect(await rendered(template)).toBe(expected);
});

test("a thousand matches of a pattern are watched over at once: each watch costs far more than a match", async () => {
  const searches = jest.spyOn(Script.prototype, "runInContext");
  try {
    const body = "it's,".repeat(20_000);
    expect(await rendered("$input.body.replaceAll(\"'\", '')", { body })).toBe(body.replaceAll("'", ""));
    expect(await rendered("$input.body.split(',').size()", { body })).toBe("20000");
    expect(searches.mock.calls.length).toBeLessThan(50);
  } finally {
    searches.mockRestore();
  }
});

/** As the Serverless Framework writes it for `integration: lambda`. */
const SERVERLESS = `
  #define( $loop )
    {
    #foreach($key in $map.keySet())
        #set( $k = $util.escapeJavaScript($key) )
        #set( $v = $util.escapeJavaScript($map.get($key)).replaceAll("\\\\'", "'") )
        "$k":
          "$v"
          #if( $foreach.hasNext ) , #end
    #end
    }
  #end
  #set( $body = $input.json("$.at") )
  {
    "body": $body,
    "principalId": "$context.authorizer.principalId",
    #set( $map = $context.authorizer )
    "enhancedAuthContext": $loop,
    #set( $map = $input.params().querystring )
    "query": $loop,
    #set( $map = $context.identity )
    "identity": $loop,
    #set( $map = $context.nothing )
    "none": $loop
  }`;

test("the template of a framework makes JSON, of parameters with quotes and of what is not there", async () => {
  const parameters = { ...INPUT.parameters, querystring: { q: `it's "5"\n\\` } };
  expect(JSON.parse(await rendered(SERVERLESS, { parameters }))).toEqual({
    body: { city: "Bern" },
    principalId: "ann",
    enhancedAuthContext: { principalId: "ann" },
    query: { q: `it's "5"\n\\` },
    identity: { sourceIp: "127.0.0.1", user: "" },
    none: {},
  });
});

test.each([
  ["", "{}", ""],
  ["no json", '"no json"', "no json"],
  ["[1,2]", "[1,2]", "[1,2]"],
  ['"text"', '"text"', "text"],
])("a body %j is %s, and %s by its path", async (body, json, path) => {
  expect(await rendered("$input.json('$')", { body })).toBe(json);
  expect(await rendered("$input.path('$')", { body })).toBe(path);
});

test("what a template overrides is read when it has run", async () => {
  const { variables, overrides } = templateVariables(INPUT, "responseOverride");
  await evaluate(
    "#set($context.responseOverride.status = 418)#set($context.responseOverride.header.X-A = 'b')",
    variables,
  );
  expect(overrides().status).toBe(418);
  expect([...(overrides().values.get("header") ?? [])]).toEqual([["X-A", "b"]]);
});

test.each([
  "$input.constructor",
  "$input.json.constructor",
  "$util.constructor.constructor('return process').call()",
  "#set($s = 'x')$s.constructor.constructor('return 1').apply()",
  "#set($s = 'x')$s.getClass().forName('java.lang.Runtime')",
  "#set($l = [])$l.__proto__$l['__proto__']$l.get('constructor')$l.getConstructor()",
  "#set($m = {})$m.constructor$m.hasOwnProperty$m.__proto__$m.getClass()",
  "$context.constructor.constructor$context.__proto__.polluted",
  "#set($context.__proto__.polluted = 1)#set($stageVariables.constructor.prototype.polluted = 1)",
  "$input.params().__proto__$input.path('$').constructor$input.path('$').toString.call",
  "$eval('1')$process.exit(1)$require('fs')$this.constructor",
])("%s reaches nothing of JavaScript", async (template) => {
  expect(await rendered(template)).toMatch(/^(\(\))*$/);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

test("a loop ends after 1,000 rounds", async () => {
  expect(await rendered("#foreach($i in [1..5000])x#end")).toHaveLength(1000);
});

test.each([
  [
    "loops within loops",
    "#foreach($i in [1..1000])#foreach($j in [1..1000])#foreach($k in [1..1000])x#end#end#end",
    /too many steps|too long/,
  ],
  ["a macro that calls itself", "#macro(m)#m()#end#m()", /too deeply/],
  ["a block that shows itself", "#define($b)$b#end$b", /too deeply/],
  ["a text that doubles", "#set($s = 'xxxxxxxx')#foreach($i in [1..1000])#set($s = $s + $s)#end", /10 MB/],
  ["a text that doubles in quotes", "#set($s = 'xxxxxxxx')#foreach($i in [1..1000])#set($s = \"$s$s\")#end", /10 MB/],
  ["a list that doubles", "#set($l = [1,2])#foreach($i in [1..1000])#set($x = $l.addAll($l))#end", /too long/],
  ["a list of itself", "#set($l = [1])#set($x = $l.add($l))$l", /stack|10 MB/],
  [
    "lists that hold each other twice",
    "#set($l = [1])#foreach($i in [1..900])#set($l = [$l, $l])#end$l",
    /too many parts/,
  ],
  ["a range without end", "#set($x = [1..1000000000])", /too many steps/],
  [
    "a pattern that backtracks",
    "#set($s = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!')$s.matches('(a+)+')",
    /too long/,
  ],
  ["what is evaluated later", "#evaluate('$x')", /no directive/],
  ["what cannot be read", "#if($x", /cannot be read/],
  ["what is no JSON", "$util.parseJson('{')", /no JSON/],
  ["what is no path", "$input.path('$[')", /Invalid path/],
  [
    "a text that nests without end",
    `#set($o = '')#foreach($i in [1..1000])#set($o = $o + '[[[')#end$util.parseJson($o)`,
    /nesting depth/,
  ],
])("%s is stopped", async (_, template, message) => {
  const failed = rendered(template);
  await expect(failed).rejects.toThrow(TemplateFault);
  await expect(failed).rejects.toThrow(message);
});
