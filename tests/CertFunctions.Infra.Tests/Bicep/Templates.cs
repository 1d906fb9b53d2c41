namespace CertFunctions.Infra.Tests.Bicep;

/// <summary>The templates of a folder, read, and what in them does not fit together.</summary>
sealed class Templates
{
    readonly Dictionary<string, Template> files = [];

    /// <param name="sources">Each file's path, as others name it from its folder, with what is in it.</param>
    public Templates(IEnumerable<KeyValuePair<string, string>> sources)
    {
        foreach (var (path, source) in sources)
            files[path] = Parser.Parse(path, source);
    }

    public IEnumerable<Template> Modules => files.Values.Where(f => f.Path.EndsWith(".bicep", StringComparison.Ordinal));

    public IEnumerable<Template> ParameterFiles => files.Values.Where(f => f.Path.EndsWith(".bicepparam", StringComparison.Ordinal));

    public Template this[string path] => files[path];

    public static Templates OfFolder(string folder) => new(Sources(folder));

    public static IEnumerable<KeyValuePair<string, string>> Sources(string folder) =>
        Directory.EnumerateFiles(folder, "*.bicep*", SearchOption.AllDirectories)
            .Where(f => !f.EndsWith(".json", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(f => KeyValuePair.Create(Path.GetRelativePath(folder, f).Replace('\\', '/'), File.ReadAllText(f)));

    /// <summary>Every problem, as a sentence that begins with the place.</summary>
    public List<string> Problems()
    {
        var problems = new List<string>();
        foreach (var template in Modules)
        {
            var scope = new Scope(template, Find, problems);
            scope.Check();
        }

        foreach (var file in ParameterFiles)
            CheckParameterFile(file, problems);
        problems.AddRange(ApiVersions());
        problems.AddRange(Orphans());
        return problems;
    }

    /// <summary>A file by the path another one names it by; null where it is not there.</summary>
    Template? Find(Template from, string path)
    {
        var folder = Path.GetDirectoryName(from.Path) ?? "";
        var whole = Path.GetRelativePath("/", Path.GetFullPath(Path.Combine("/", folder, path))).Replace('\\', '/');
        return files.GetValueOrDefault(whole);
    }

    void CheckParameterFile(Template file, List<string> problems)
    {
        var target = file.All<Using>().SingleOrDefault() is { } use ? Find(file, use.Path) : null;
        if (target is null)
        {
            problems.Add($"{file.Path}:1: it uses no template that is there");
            return;
        }

        var parameters = target.All<Parameter>().ToDictionary(p => p.Id);
        var given = new HashSet<string>();
        foreach (var value in file.All<Assignment>())
        {
            if (!given.Add(value.Id))
                problems.Add($"{file.Path}:{value.Line}: {value.Id} is there twice");
            if (!parameters.TryGetValue(value.Id, out var parameter))
                problems.Add($"{file.Path}:{value.Line}: {target.Path} has no parameter {value.Id}");
            else
                Values.Check(file.Path, value.Id, value.Value, parameter, Scope.TypesOf(target, Find), problems);
        }

        foreach (var missing in parameters.Values.Where(p => p.Default is null && !given.Contains(p.Id)))
            problems.Add($"{file.Path}:1: {missing.Id} of {target.Path} is missing");
    }

    /// <summary>Resources name a version by date, and one kind of resource one version everywhere.</summary>
    IEnumerable<string> ApiVersions()
    {
        var seen = new Dictionary<string, string>();
        foreach (var (template, resource) in Modules.SelectMany(m => m.All<Resource>().Select(r => (m, r))))
        {
            var parts = resource.Type.Split('@');
            if (parts.Length != 2 || !System.Text.RegularExpressions.Regex.IsMatch(parts[1], @"^20\d\d-\d\d-\d\d(-preview)?$") || !parts[0].StartsWith("Microsoft.", StringComparison.Ordinal))
                yield return $"{template.Path}:{resource.Line}: {resource.Type} is no type of a resource with a version";
            else if (!seen.TryAdd(parts[0], parts[1]) && seen[parts[0]] != parts[1])
                yield return $"{template.Path}:{resource.Line}: {parts[0]} is used with {seen[parts[0]]} elsewhere";
        }
    }

    IEnumerable<string> Orphans()
    {
        var used = Modules.SelectMany(m => m.All<Module>().Select(module => Find(m, module.Path)?.Path)).Concat(ParameterFiles.Select(f => f.All<Using>().SingleOrDefault()?.Path)).ToHashSet();
        return Modules.Where(m => !used.Contains(m.Path)).Select(m => $"{m.Path}:1: nobody uses it");
    }
}
