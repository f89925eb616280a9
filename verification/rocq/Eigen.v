(* Bounds of every network through the eigenvalues l_1 >= ... >= l_K of A = F^T F, F = relu (W X) its first features. For a
   falling line p(l) = a - b l, b >= 0, the matrix p(A) has no positive entry off its diagonal, so the Z-test prices the first
   two factors, and any later layer W F by

       |W|^2 >= 2 <W, R M F^T> - |R M F^T|^2 >= tr (2 M - M A M) R^T R,      R = relu (W F), M = q(A).

   The last layer: |V F - I|^2 + x |V|^2 >= 2 x tr E - x^2 |E|^2 - x |E F^T|^2 for every E, a square. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm ZTest Samples Spectral.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Function.
Variables (R : rcfType) (K : nat) (Q : 'M[R]_K).
Hypothesis hQ : orthogonal Q.
Notation sq := (@sqnorm R _ _).
Implicit Types f g : 'I_K -> R.
(* the symmetric matrix with the eigenvectors of Q and the eigenvalues f *)
Definition fn f : 'M[R]_K := Q *m diag_mx (\row_i f i) *m Q^T.
Let QQ : Q *m Q^T = 1%:M. Proof. exact: mulmx1C. Qed.
Lemma fnT f : (fn f)^T = fn f.
Proof. by rewrite /fn !trmx_mul trmxK tr_diag_mx mulmxA. Qed.
Lemma fn_mul f g : fn f *m fn g = fn (fun i => f i * g i).
Proof.
rewrite /fn !mulmxA -[Q *m _ *m Q^T *m Q]mulmxA hQ mulmx1 -[Q *m _ *m diag_mx _]mulmxA mulmx_diag.
by congr (_ *m diag_mx _ *m _); apply/rowP => i; rewrite !mxE.
Qed.
Lemma fn_tr f : \tr (fn f) = \sum_i f i.
Proof. by rewrite /fn mxtrace_mulC mulmxA hQ mul1mx mxtrace_diag; apply: eq_bigr => i _; rewrite mxE. Qed.
Lemma fn_sq f : sq (fn f) = \sum_i f i ^+ 2.
Proof. by rewrite sq_gram fnT fn_mul fn_tr; apply: eq_bigr => i _; rewrite expr2. Qed.
Lemma fn_line a b f : fn (fun i => a - b * f i) = a%:M - b *: fn f.
Proof.
have -> : a%:M = a *: (Q *m Q^T) by rewrite QQ scalemx1.
have -> : fn (fun i => a - b * f i) = Q *m (a%:M - b *: diag_mx (\row_i f i)) *m Q^T.
  congr (_ *m _ *m _); apply/matrixP => i j; rewrite !mxE; case: eqP => _; rewrite ?mulr1n // !mulr0n mulr0 subr0 //.
by rewrite mulmxBr mulmxBl mul_mx_scalar -!scalemxAl -scalemxAr -scalemxAl.
Qed.
Lemma fn_form f (v : 'cV[R]_K) : \tr (v^T *m fn f *m v) = \sum_i f i * (Q^T *m v) i 0 ^+ 2.
Proof.
rewrite /fn !mulmxA -(trmxK Q) -trmx_mul trmxK -mulmxA; set w := Q^T *m v.
rewrite -mulmxA mul_diag_mx /mxtrace big_ord1 mxE; apply: eq_bigr => i _.
by rewrite !mxE; ring.
Qed.

Variables (d : nat) (F : 'M[R]_(d, K)) (l : 'I_K -> R).
Hypothesis hA : F^T *m F = fn l.
Lemma fn_feature f : sq (F *m fn f) = \sum_i l i * f i ^+ 2.
Proof.
rewrite sq_gram trmx_mul fnT mulmxA -[_ *m F^T *m F]mulmxA hA !fn_mul fn_tr.
by apply: eq_bigr => i _; ring.
Qed.
Lemma fn_short f : (forall i, l i * f i ^+ 2 <= 1) -> forall v : 'cV[R]_K, sq (F *m fn f *m v) <= sq v.
Proof.
move=> h v; have -> : sq (F *m fn f *m v) = \tr (v^T *m fn (fun i => f i * l i * f i) *m v).
  rewrite sq_gram trmx_mul trmx_mul fnT -!fn_mul -hA !mulmxA; congr (\tr _).
have -> : sq v = \sum_i (Q^T *m v) i 0 ^+ 2.
  rewrite -[v in LHS]mul1mx -QQ -mulmxA sq_gram trmx_mul mulmxA -[_ *m Q^T *m Q]mulmxA hQ mulmx1 -sq_gram /sqnorm.
  by apply: eq_bigr => i _; rewrite big_ord1.
rewrite fn_form; apply: ler_sum => i _; rewrite -[X in _ <= X]mul1r ler_wpmul2r ?sqr_ge0 //.
by apply: le_trans (h i); apply: eqW; ring.
Qed.
Lemma l_ge0 i : 0 <= l i.
Proof.
have := sq_ge0 (F *m fn (fun j => (j == i)%:R)); rewrite fn_feature (bigD1 i) //= eqxx expr1n mulr1 big1 ?addr0 // => j /negbTE ->.
by rewrite expr0n mulr0.
Qed.
End Function.

(* the last layer: what every network pays there, x > 0, or with output I at x = 0 *)
Section Last.
Variables (R : rcfType) (d K : nat) (V : 'M[R]_(K, d)) (F : 'M[R]_(d, K)) (x g : R).
Notation sq := (@sqnorm R _ _).
(* g = |V F - I|^2 / x + |V|^2, or |V|^2 where V F = I *)
Definition last_pays := forall E : 'M[R]_K, 2 * \tr E - x * sq E - sq (E *m F^T) <= g.
Lemma last_loss : 0 < x -> g = x^-1 * sq (V *m F - 1%:M) + sq V -> last_pays.
Proof.
move=> xp gE E; rewrite gE; have e : dot (V *m F - 1%:M) E = dot V (E *m F^T) - \tr E.
  by rewrite -scaleN1r dotDl dotZl dot_mulr (dotC 1%:M) dot1 mulN1r.
have h1 := sq_add (V *m F - 1%:M) E x; have h2 := sq_add V (E *m F^T) (-1).
have := addr_ge0 (mulr_ge0 (ltW (_ : 0 < x^-1)) (sq_ge0 (V *m F - 1%:M + x *: E))) (sq_ge0 (V + (-1) *: (E *m F^T))).
rewrite invr_gt0 => /(_ xp); rewrite h1 h2 e -[X in _ -> is_true X]subr_ge0.
move: (sq _) (sq V) (sq E) (sq (E *m F^T)) (dot _ _) (\tr E) => s v z y t u.
congr (_ <= _); field; exact: lt0r_neq0.
Qed.
Lemma last_fits : x = 0 -> V *m F = 1%:M -> g = sq V -> last_pays.
Proof.
move=> x_ VF gE E; rewrite x_ gE; have h2 := sq_add V (E *m F^T) (-1); have := sq_ge0 (V + (-1) *: (E *m F^T)); rewrite h2.
rewrite -dot_mulr VF dotC dot1 -[X in _ -> is_true X]subr_ge0 => h; apply: le_trans h _; apply: eqW; ring.
Qed.
Lemma last_more y : x <= y -> last_pays -> forall E : 'M[R]_K, 2 * \tr E - y * sq E - sq (E *m F^T) <= g.
Proof.
move=> xy h E; apply: le_trans (h E); rewrite ler_add2r ler_add2l ler_opp2 ler_wpmul2r ?sq_ge0 //.
Qed.
End Last.

(* a later layer *)
Section Middle.
Variables (R : rcfType) (m d K : nat) (W : 'M[R]_(m, d)) (F : 'M[R]_(d, K)) (M : 'M[R]_K).
Notation sq := (@sqnorm R _ _).
Notation S := (relu (W *m F)).
Hypotheses (MT : M^T = M) (neg : forall i j, i != j -> M i j <= 0).
Lemma middle : 2 * \tr (M *m (S^T *m S)) - \tr (M *m (F^T *m F) *m M *m (S^T *m S)) <= sq W.
Proof.
have := relu_part (W *m F) neg; rewrite MT dotC dot_mulr => h.
have := sq_ge0 (W + (-1) *: (S *m M *m F^T)); rewrite sq_add => h2.
have -> : \tr (M *m (F^T *m F) *m M *m (S^T *m S)) = sq (S *m M *m F^T).
  by rewrite sq_gram !trmx_mul trmxK MT !mulmxA [RHS]mxtrace_mulC !mulmxA [RHS]mxtrace_mulC !mulmxA.
move: (sq (S *m M *m F^T)) (dot _ _) h h2 => g t h h2; rewrite -subr_ge0; apply: le_trans h2 _.
rewrite -subr_ge0; move: h; rewrite -subr_ge0; move: (sq W) (\tr _) => w r h.
by have := mulr_ge0 (ler0n R 2) h; congr (_ <= _); ring.
Qed.
End Middle.

(* the eigenvalues of F^T F, the largest first *)
Section Values.
Variables (R : rcfType) (d K : nat) (F : 'M[R]_(d, K)).
Notation sq := (@sqnorm R _ _).
Lemma diagonal : exists (Q : 'M[R]_K) (l : 'I_K -> R), orthogonal Q /\ F^T *m F = fn Q l.
Proof.
have [|Q [l [hQ hA]]] := @spectral R K (F^T *m F); first by rewrite trmx_mul trmxK.
by exists Q, (l 0); split=> //; rewrite hA /fn; congr (_ *m diag_mx _ *m _); apply/rowP => i; rewrite mxE.
Qed.
Variables (Q : 'M[R]_K) (l : 'I_K -> R).
Hypotheses (hQ : orthogonal Q) (hA : F^T *m F = fn Q l).
Definition values : seq R := sort (fun a b => b <= a) [seq l i | i <- enum 'I_K].
Lemma size_values : size values = K.
Proof. by rewrite size_sort size_map size_enum_ord. Qed.
Lemma sorted_values : sorted (fun a b => b <= a) values.
Proof. by apply: sort_sorted => a b; apply: le_total. Qed.
Lemma mem_values (P : R -> Prop) : (forall y, y \in values -> P y) -> forall i, P (l i).
Proof. by move=> h i; apply: h; rewrite mem_sort map_f ?mem_enum. Qed.
Lemma values_ge0 y : y \in values -> 0 <= y.
Proof. by rewrite mem_sort => /mapP [i _ ->]; apply: (l_ge0 hQ hA). Qed.
Lemma sum_values (f : R -> R) : \sum_(y <- values) f y = \sum_i f (l i).
Proof. by rewrite (perm_big [seq l i | i <- enum 'I_K]) ?perm_sort // big_map big_enum. Qed.

(* p(A) for a line p *)
Lemma line_neg a b : 0 <= b -> (forall i j, 0 <= F i j) -> forall i j, i != j -> fn Q (fun i => a - b * l i) i j <= 0.
Proof.
move=> b0 F0 i j ij; rewrite (fn_line hQ) -hA !mxE (negbTE ij) mulr0n sub0r oppr_le0 mulr_ge0 // sumr_ge0 // => k _.
by rewrite mxE mulr_ge0.
Qed.
Lemma line_tr f : \tr (fn Q f *m (F^T *m F)) = \sum_i l i * f i.
Proof. by rewrite hA (fn_mul hQ) (fn_tr hQ); apply: eq_bigr => i _; rewrite mulrC. Qed.

Lemma last_values x g : last_pays F x g ->
  forall e, \sum_(y <- values) (2 * e y - (x + y) * e y ^+ 2) <= g.
Proof.
move=> h e; apply: le_trans (h (fn Q (fun i => e (l i)))); rewrite sum_values (fn_tr hQ) (fn_sq hQ).
have -> : sq (fn Q (fun i => e (l i)) *m F^T) = sq (F *m fn Q (fun i => e (l i))) by rewrite -sq_tr trmx_mul trmxK fnT.
rewrite (fn_feature hQ hA) !mulr_sumr -!sumrB; apply: ler_sum => i _; apply: eqW; ring.
Qed.

Lemma middle_values x g m (W : 'M[R]_(m, d)) (a b : R) : 0 <= b -> 0 <= x -> (forall i j, 0 <= F i j) ->
  let q y := a - b * y in let D y := 2 * q y - q y ^+ 2 * y in
  last_pays (relu (W *m F)) x g -> (forall y, y \in values -> 0 <= D y) ->
  \sum_(y <- values) (2 * Num.sqrt (D y) - x * D y) <= sq W + g.
Proof.
move=> b0 x0 F0 q D h /mem_values D0; set S := relu _ in h *.
pose M := fn Q (fun i => q (l i)); pose E := fn Q (fun i => Num.sqrt (D (l i))).
have h1 := middle W F (fnT Q (fun i => q (l i))) (line_neg a b0 F0); rewrite -/S -/M in h1.
have h2 := h E; have e : sq (E *m S^T) = \tr (fn Q (fun i => D (l i)) *m (S^T *m S)).
  rewrite -sq_tr trmx_mul trmxK fnT sq_gram trmx_mul fnT -mulmxA mxtrace_mulC [S^T *m (S *m _)]mulmxA -[_ *m E *m E]mulmxA.
  rewrite (fn_mul hQ) mxtrace_mulC.
  congr (\tr (_ *m _)).
  by congr (_ *m diag_mx _ *m _); apply/rowP => i; rewrite !mxE -expr2 sqr_sqrtr.
have e2 : \tr (fn Q (fun i => D (l i)) *m (S^T *m S)) =
    2 * \tr (M *m (S^T *m S)) - \tr (M *m (F^T *m F) *m M *m (S^T *m S)).
  rewrite hA /M !(fn_mul hQ); have -> : fn Q (fun i => D (l i)) =
      2 *: fn Q (fun i => q (l i)) - fn Q (fun i => q (l i) * l i * q (l i)).
    rewrite /fn scalemxAl scalemxAr -mulmxBl -mulmxBr; congr (_ *m _ *m _).
    rewrite -linearZ -linearB; congr diag_mx; apply/rowP => i; rewrite !mxE /D; ring.
  by rewrite mulmxBl raddfB /= -scalemxAl mxtraceZ.
rewrite e e2 in h2; apply: le_trans (_ : 2 * \tr E - x * sq E <= _).
  rewrite sum_values (fn_tr hQ) (fn_sq hQ) !mulr_sumr -sumrB; apply: ler_sum => i _.
  by rewrite sqr_sqrtr.
by move: (ler_add h1 h2); rewrite [X in X <= _]addrC subrK.
Qed.
End Values.
