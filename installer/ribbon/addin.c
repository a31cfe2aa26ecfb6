/* The part that Excel and WPS load: a ribbon tab, whose presses go to the program (addin/apps/excel) over a pipe.

   It judges nothing, holds no Python and needs only DLLs of Windows itself. The application's main thread never waits
   for the program: whatever may take time is done in one thread of our own (`work`). COM is used in the main thread
   only; what the other thread has to say about it is posted to `inbox`.

   One pipe is open from the first press until the application ends: so the program knows when the last one has left.
   The program must say that it took a press; until then the reference to the application that went with it is ours to
   let go, for such a reference would keep the application running after its window is closed. */

#define COBJMACROS
#define INITGUID
#include <windows.h>
#include <ole2.h>
#include <cguid.h>

#include "messages.h"
#include "names.h" /* made by build.py: CLSID_Qingdan, PIPE, SETTINGS, COMMAND, TITLE, NOT_STARTED, NO_ANSWER */

DEFINE_GUID(IID_Extensibility, 0xb65ad801, 0xabaf, 0x11d0, 0xbb, 0x8b, 0x00, 0xa0, 0xc9, 0x0f, 0x27, 0x44);
DEFINE_GUID(IID_Ribbon, 0x000c0396, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46);

enum {
    STARTING = 60000, /* milliseconds within which a program that was started has to listen */
    ANSWERING = 8000, /* milliseconds within which it has to take a press */
    KNOCK = 100,      /* milliseconds between two tries to reach it */
    LEAVING = 2000,   /* milliseconds that the end of the application waits for our thread at most */
    CHANGED = WM_APP,
    DONE
};

typedef struct {
    IStream *reference; /* to the application, marshalled; belongs to the main thread */
    size_t length;
    char line[LONGEST_PRESS];
} Press;

static HINSTANCE self;
static IDispatch *application, *ribbon;
static HWND inbox;
static HANDLE worker, pressed, leaving;
static Press *volatile waiting; /* one press at a time: from the button until the program has taken it */
static volatile LONG live;      /* whether the toggle button is down */

/* ---- our thread: the pipe ---- */

static DWORD WINAPI say(void *words) {
    MessageBoxW(NULL, words, TITLE, MB_ICONWARNING | MB_SETFOREGROUND | MB_TOPMOST);
    return 0;
}

/* Say it in a box that nobody waits for. */
static void tell(const WCHAR *words) {
    HANDLE thread = CreateThread(NULL, 0, say, (void *)words, 0, NULL);
    if (thread) CloseHandle(thread);
}

static BOOL user_of(HANDLE process, void *user, DWORD room) {
    HANDLE token;
    if (!OpenProcessToken(process, TOKEN_QUERY, &token)) return FALSE;
    BOOL known = GetTokenInformation(token, TokenUser, user, room, &room);
    CloseHandle(token);
    return known;
}

/* Whether who listens at the pipe is of this user: anybody on the computer may take the name of a pipe. */
static BOOL is_own(HANDLE pipe) {
    union { TOKEN_USER user; BYTE room[256]; } ours, theirs;
    ULONG number;
    HANDLE process;
    if (!GetNamedPipeServerProcessId(pipe, &number)) return FALSE;
    if (!(process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, number))) return FALSE;
    BOOL own = user_of(GetCurrentProcess(), &ours, sizeof ours) && user_of(process, &theirs, sizeof theirs) &&
               EqualSid(ours.user.User.Sid, theirs.user.User.Sid);
    CloseHandle(process);
    if (own) AllowSetForegroundWindow(number); /* its window may come to the front: the officer has just pressed */
    return own;
}

static HANDLE reach(void) {
    WCHAR name[400], user[257];
    DWORD size = 257, session = 0;
    if (!GetUserNameW(user, &size) || !ProcessIdToSessionId(GetCurrentProcessId(), &session)) return INVALID_HANDLE_VALUE;
    wsprintfW(name, PIPE, session, user);
    HANDLE pipe = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                              FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    if (pipe != INVALID_HANDLE_VALUE && !is_own(pipe)) {
        CloseHandle(pipe);
        pipe = INVALID_HANDLE_VALUE;
        SetLastError(ERROR_ACCESS_DENIED);
    }
    return pipe;
}

/* Start the program; NULL where that cannot be. */
static HANDLE start_program(void) {
    WCHAR command[2000];
    DWORD size = sizeof command;
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    if (RegGetValueW(HKEY_CURRENT_USER, SETTINGS, COMMAND, RRF_RT_REG_SZ, NULL, command, &size)) return NULL;
    if (!CreateProcessW(NULL, command, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL, &startup, &process)) return NULL;
    CloseHandle(process.hThread);
    return process.hProcess;
}

/* The program's pipe, the program started where it does not run; INVALID_HANDLE_VALUE where it cannot be had in time. */
static HANDLE connect_program(void) {
    ULONGLONG until = GetTickCount64() + STARTING;
    DWORD code = STILL_ACTIVE;
    HANDLE pipe = reach(), program = NULL;
    if (pipe == INVALID_HANDLE_VALUE && GetLastError() == ERROR_FILE_NOT_FOUND && !(program = start_program())) return pipe;
    while (pipe == INVALID_HANDLE_VALUE && GetLastError() != ERROR_ACCESS_DENIED && GetTickCount64() < until &&
           (code == STILL_ACTIVE || !code) && WaitForSingleObject(leaving, KNOCK) == WAIT_TIMEOUT) {
        if (program) GetExitCodeProcess(program, &code); /* 0: another application has started it, too */
        pipe = reach();
    }
    if (program) CloseHandle(program);
    return pipe;
}

/* Write all of it within `ANSWERING` milliseconds, unless the application ends meanwhile. */
static BOOL write_all(HANDLE pipe, const char *bytes, DWORD size) {
    OVERLAPPED writing = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    HANDLE events[] = {writing.hEvent, leaving};
    DWORD done = 0;
    BOOL written = WriteFile(pipe, bytes, size, NULL, &writing) || GetLastError() == ERROR_IO_PENDING;
    if (written && WaitForMultipleObjects(2, events, FALSE, ANSWERING) != WAIT_OBJECT_0) CancelIoEx(pipe, &writing);
    written = written && GetOverlappedResult(pipe, &writing, &done, TRUE) && done == size;
    CloseHandle(writing.hEvent);
    return written;
}

/* The press in hand is over; the main thread lets the reference go where the program did not take it. */
static void over(Press *press, BOOL taken) { PostMessageW(inbox, DONE, taken, (LPARAM)press); }

static void show_live(int now) {
    if (InterlockedExchange(&live, now) != now) PostMessageW(inbox, CHANGED, 0, 0);
}

static DWORD WINAPI work(void *unused) {
    HANDLE pipe = INVALID_HANDLE_VALUE;
    OVERLAPPED reading = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    HANDLE events[] = {leaving, pressed, reading.hEvent};
    Answers answers = {0};
    Press *press = NULL; /* that was sent and is not taken yet */
    int taken = 0;
    ULONGLONG until = 0;
    char bytes[256], line[LONGEST_PRESS];
    DWORD count;
    for (;;) {
        DWORD rest = INFINITE;
        if (press) {
            ULONGLONG now = GetTickCount64();
            rest = now < until ? (DWORD)(until - now) : 0;
        }
        DWORD woken = WaitForMultipleObjects(pipe == INVALID_HANDLE_VALUE ? 2 : 3, events, FALSE, rest);
        BOOL lost = FALSE;
        if (woken == WAIT_OBJECT_0 || woken == WAIT_FAILED) {
            break;
        } else if (woken == WAIT_OBJECT_0 + 1) {
            press = waiting;
            DWORD length = (DWORD)press->length;
            memcpy(line, press->line, length); /* from now on the press may go at any moment: the application ends */
            BOOL fresh = pipe == INVALID_HANDLE_VALUE;
            if (fresh) pipe = connect_program();
            if (pipe == INVALID_HANDLE_VALUE) {
                if (WaitForSingleObject(leaving, 0) == WAIT_OBJECT_0) break;
                tell(NOT_STARTED);
                over(press, FALSE);
                press = NULL;
                continue;
            }
            until = GetTickCount64() + ANSWERING;
            taken = answers.taken;
            lost = !write_all(pipe, line, length);
            if (!lost && fresh) lost = !ReadFile(pipe, bytes, sizeof bytes, NULL, &reading) && GetLastError() != ERROR_IO_PENDING;
        } else if (woken == WAIT_OBJECT_0 + 2) {
            lost = !GetOverlappedResult(pipe, &reading, &count, FALSE) || !count;
            if (!lost) {
                take_in(&answers, bytes, count);
                show_live(answers.live);
                lost = !ReadFile(pipe, bytes, sizeof bytes, NULL, &reading) && GetLastError() != ERROR_IO_PENDING;
            }
            if (press && answers.taken != taken) {
                over(press, TRUE);
                press = NULL;
            }
        } else {
            lost = TRUE; /* it took too long */
        }
        if (lost) {
            CancelIo(pipe);
            CloseHandle(pipe);
            pipe = INVALID_HANDLE_VALUE;
            ResetEvent(reading.hEvent);
            forget(&answers);
            show_live(0);
            if (press) {
                tell(NO_ANSWER);
                over(press, FALSE);
                press = NULL;
            }
        }
    }
    if (pipe != INVALID_HANDLE_VALUE) {
        CancelIo(pipe);
        GetOverlappedResult(pipe, &reading, &count, TRUE); /* it writes into our `bytes` no more */
        CloseHandle(pipe);
    }
    CloseHandle(reading.hEvent);
    return 0;
}

/* ---- the application's main thread ---- */

static HRESULT call(IDispatch *target, const WCHAR *name, WORD how, VARIANT *result) {
    DISPID id;
    DISPPARAMS none = {0};
    HRESULT failed = IDispatch_GetIDsOfNames(target, &IID_NULL, (WCHAR **)&name, 1, LOCALE_USER_DEFAULT, &id);
    return failed ? failed : IDispatch_Invoke(target, id, &IID_NULL, LOCALE_USER_DEFAULT, how, &none, result, NULL, NULL);
}

static void refresh(void) {
    if (ribbon) call(ribbon, L"Invalidate", DISPATCH_METHOD, NULL);
}

static void finish(Press *press, BOOL taken) {
    LARGE_INTEGER start = {{0}};
    if (!taken) {
        IStream_Seek(press->reference, start, STREAM_SEEK_SET, NULL);
        CoReleaseMarshalData(press->reference);
    }
    IStream_Release(press->reference);
    CoTaskMemFree(press);
}

static LRESULT CALLBACK heard(HWND window, UINT message, WPARAM value, LPARAM more) {
    if (message == DONE) {
        waiting = NULL;
        finish((Press *)more, value != 0);
    }
    if (message != DONE && message != CHANGED) return DefWindowProcW(window, message, value, more);
    refresh(); /* a toggle button that was pressed shows what is, not what was wished */
    return 0;
}

/* The line of a press, and in its stream the reference that goes with it; FALSE where there is none. */
static BOOL write_press(Press *press, const WCHAR *id) {
    char name[LONGEST_ID + 2] = "";
    VARIANT window;
    HGLOBAL memory;
    STATSTG stat;
    VariantInit(&window);
    WideCharToMultiByte(CP_UTF8, 0, id, -1, name, sizeof name - 1, NULL, NULL);
    call(application, L"Hwnd", DISPATCH_PROPERTYGET, &window); /* WPS may have none: then it is 0 */
    long long hwnd = window.vt == VT_I4 ? window.lVal : window.vt == VT_I8 ? window.llVal : 0;
    VariantClear(&window);
    if (CoMarshalInterface(press->reference, &IID_IDispatch, (IUnknown *)application, MSHCTX_LOCAL, NULL, MSHLFLAGS_NORMAL)) return FALSE;
    if (!IStream_Stat(press->reference, &stat, STATFLAG_NONAME) && !GetHGlobalFromStream(press->reference, &memory)) {
        press->length = press_line(press->line, name, GetCurrentProcessId(), hwnd, GlobalLock(memory), stat.cbSize.QuadPart);
        GlobalUnlock(memory);
    }
    return TRUE;
}

static void press_button(const WCHAR *id) {
    Press *press = waiting || !application || !worker ? NULL : CoTaskMemAlloc(sizeof *press);
    if (!press) {
        MessageBeep(MB_OK); /* the one before is still on its way */
        refresh();
        return;
    }
    press->length = 0;
    if (CreateStreamOnHGlobal(NULL, TRUE, &press->reference)) {
        CoTaskMemFree(press);
    } else if (!write_press(press, id) || !press->length) {
        finish(press, FALSE);
    } else {
        waiting = press;
        SetEvent(pressed);
    }
}

/* ---- the add-in: two dual interfaces on one object; the callbacks of the ribbon are its IDispatch ---- */

typedef struct { const void *vtable; } Face;
static Face extensibility, customization; /* one object only, which lives as long as the DLL */

static HRESULT STDMETHODCALLTYPE query(Face *face, REFIID iid, void **out) {
    if (IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IDispatch) || IsEqualIID(iid, &IID_Extensibility)) *out = &extensibility;
    else if (IsEqualIID(iid, &IID_Ribbon)) *out = &customization;
    else return *out = NULL, E_NOINTERFACE;
    return S_OK;
}
static ULONG STDMETHODCALLTYPE add_ref(Face *face) { return 2; }
static ULONG STDMETHODCALLTYPE release(Face *face) { return 1; }
static HRESULT STDMETHODCALLTYPE type_count(Face *face, UINT *count) { return *count = 0, S_OK; }
static HRESULT STDMETHODCALLTYPE type_info(Face *face, UINT at, LCID lcid, ITypeInfo **out) { return *out = NULL, E_NOTIMPL; }

enum { ON_LOAD = 1, ON_PRESS, ON_TOGGLE, GET_PRESSED };
static const WCHAR *CALLBACKS[] = {L"OnLoad", L"OnPress", L"OnToggle", L"GetPressed"};

static HRESULT STDMETHODCALLTYPE ids(Face *face, REFIID iid, WCHAR **names, UINT count, LCID lcid, DISPID *out) {
    for (int at = 0; count == 1 && at < 4; at++)
        if (!lstrcmpiW(names[0], CALLBACKS[at])) return *out = at + 1, S_OK;
    return *out = DISPID_UNKNOWN, DISP_E_UNKNOWNNAME;
}

static HRESULT STDMETHODCALLTYPE invoke(Face *face, DISPID what, REFIID iid, LCID lcid, WORD how, DISPPARAMS *given,
                                        VARIANT *result, EXCEPINFO *problem, UINT *wrong) {
    VARIANT id, *last = given && given->cArgs ? &given->rgvarg[given->cArgs - 1] : NULL; /* arguments come last first */
    IDispatch *first = last && last->vt == VT_DISPATCH ? last->pdispVal : NULL;
    if (what == ON_LOAD && first) {
        if (ribbon) IDispatch_Release(ribbon);
        ribbon = first;
        IDispatch_AddRef(ribbon);
    } else if ((what == ON_PRESS || what == ON_TOGGLE) && first) {
        VariantInit(&id);
        if (call(first, L"Id", DISPATCH_PROPERTYGET, &id) || id.vt != VT_BSTR || !id.bstrVal) return VariantClear(&id), DISP_E_TYPEMISMATCH;
        press_button(id.bstrVal);
        VariantClear(&id);
    } else if (what == GET_PRESSED && result) {
        result->vt = VT_BOOL;
        result->boolVal = live ? VARIANT_TRUE : VARIANT_FALSE;
    } else return DISP_E_MEMBERNOTFOUND;
    return S_OK;
}

static void leave(void) {
    MSG message;
    if (!worker) return;
    SetEvent(leaving);
    if (WaitForSingleObject(worker, LEAVING) == WAIT_OBJECT_0) { /* it looks for this all the time */
        CloseHandle(worker);
        CloseHandle(pressed);
        CloseHandle(leaving);
        worker = NULL;
    }
    while (PeekMessageW(&message, inbox, CHANGED, DONE, PM_REMOVE)) DispatchMessageW(&message);
    if (waiting) finish(waiting, FALSE);
    waiting = NULL;
    live = 0;
}

static HRESULT STDMETHODCALLTYPE on_connection(Face *face, IDispatch *app, int mode, IDispatch *addin, SAFEARRAY **custom) {
    WNDCLASSW kind = {.lpfnWndProc = heard, .hInstance = self, .lpszClassName = L"QingdanInbox"};
    if (!app || application || worker) return E_UNEXPECTED;
    RegisterClassW(&kind);
    inbox = CreateWindowW(L"QingdanInbox", NULL, 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, self, NULL);
    pressed = CreateEventW(NULL, FALSE, FALSE, NULL);
    leaving = CreateEventW(NULL, TRUE, FALSE, NULL);
    worker = CreateThread(NULL, 0, work, NULL, 0, NULL);
    application = app;
    IDispatch_AddRef(application);
    return S_OK;
}
static HRESULT STDMETHODCALLTYPE on_disconnection(Face *face, int mode, SAFEARRAY **custom) {
    leave();
    if (ribbon) IDispatch_Release(ribbon);
    if (application) IDispatch_Release(application); /* else it would not end */
    if (inbox) DestroyWindow(inbox);
    ribbon = application = NULL;
    inbox = NULL;
    return S_OK;
}
static HRESULT STDMETHODCALLTYPE nothing(Face *face, SAFEARRAY **custom) { return S_OK; }
static HRESULT STDMETHODCALLTYPE on_shutdown(Face *face, SAFEARRAY **custom) { return leave(), S_OK; }

static HRESULT STDMETHODCALLTYPE custom_ui(Face *face, BSTR id, BSTR *out) {
    HRSRC found = FindResourceW(self, L"RIBBON", (WCHAR *)RT_RCDATA);
    const char *text = found ? LockResource(LoadResource(self, found)) : NULL;
    *out = NULL;
    if (!text) return E_FAIL;
    int size = SizeofResource(self, found), length = MultiByteToWideChar(CP_UTF8, 0, text, size, NULL, 0);
    *out = SysAllocStringLen(NULL, length); /* the same for every id: it is registered for spreadsheets only */
    if (!*out) return E_OUTOFMEMORY;
    MultiByteToWideChar(CP_UTF8, 0, text, size, *out, length);
    return S_OK;
}

static const void *EXTENSIBILITY[] = {query, add_ref, release, type_count, type_info, ids, invoke,
                                      on_connection, on_disconnection, nothing, nothing, on_shutdown};
static const void *CUSTOMIZATION[] = {query, add_ref, release, type_count, type_info, ids, invoke, custom_ui};
static Face extensibility = {EXTENSIBILITY}, customization = {CUSTOMIZATION};

/* ---- how COM comes to it ---- */

static HRESULT STDMETHODCALLTYPE factory_query(Face *face, REFIID iid, void **out) {
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IClassFactory)) return *out = NULL, E_NOINTERFACE;
    return *out = face, S_OK;
}
static HRESULT STDMETHODCALLTYPE create(Face *face, IUnknown *outer, REFIID iid, void **out) {
    return outer ? CLASS_E_NOAGGREGATION : query(&extensibility, iid, out);
}
static HRESULT STDMETHODCALLTYPE lock(Face *face, BOOL on) { return S_OK; }
static const void *FACTORY[] = {factory_query, add_ref, release, create, lock};
static Face factory = {FACTORY};

STDAPI DllGetClassObject(REFCLSID wanted, REFIID iid, void **out) {
    return IsEqualCLSID(wanted, &CLSID_Qingdan) ? factory_query(&factory, iid, out) : CLASS_E_CLASSNOTAVAILABLE;
}
STDAPI DllCanUnloadNow(void) { return S_FALSE; } /* a box of ours may be open */

BOOL WINAPI DllMain(HINSTANCE instance, DWORD why, void *reserved) {
    if (why == DLL_PROCESS_ATTACH) {
        self = instance;
        DisableThreadLibraryCalls(instance);
    }
    return TRUE;
}
